interface RunError {
  /** null: it is about the run as a whole. */
  userId: string | null;
  message: string;
}

/** An error is a line: "USER ID: what happened", or a sentence. An id with blanks in it cannot be told from one. */
export function errorOf(line: string): RunError {
  const [, userId, message] = /^(\S+): (.*)$/s.exec(line) ?? [];
  return userId === undefined || message === undefined ? { userId: null, message: line } : { userId, message };
}
