//! Randomness as a parameter.

/// A cryptographically secure source of random bytes.
pub trait Random {
    fn fill(&self, buffer: &mut [u8]);

    /// A number below `bound`, each as likely as any other; 0 when `bound` is 0.
    fn below(&self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        // The incomplete stretch at the end of the range would favour small numbers.
        let fair = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let drawn = u32::from_le_bytes(bytes);
            if drawn < fair {
                return drawn % bound;
            }
        }
    }
}

impl<R: Random + ?Sized> Random for std::rc::Rc<R> {
    fn fill(&self, buffer: &mut [u8]) {
        (**self).fill(buffer);
    }
}

#[cfg(test)]
pub mod seeded {
    //! A reproducible source for tests (SplitMix64); never a CSPRNG.

    use std::cell::Cell;

    use super::Random;

    /// The stream of numbers that a seed stands for.
    pub struct Seeded(Cell<u64>);

    impl Seeded {
        /// Starts the stream of `seed`.
        pub fn new(seed: u64) -> Self {
            Self(Cell::new(seed))
        }

        /// The stream's next 64 bits.
        pub fn next(&self) -> u64 {
            let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.0.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }
    }

    impl Random for Seeded {
        fn fill(&self, buffer: &mut [u8]) {
            for chunk in buffer.chunks_mut(8) {
                let bytes = self.next().to_le_bytes();
                for (target, byte) in chunk.iter_mut().zip(bytes) {
                    *target = byte;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, seeded::Seeded};

    #[test]
    fn below_stays_below_and_reaches_every_number() {
        let random = Seeded::new(7);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[random.below(5) as usize] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(random.below(0), 0);
    }
}
