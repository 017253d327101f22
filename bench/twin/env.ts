// What wrangler would generate: bindings, variables and secrets, with the names of the Rust Worker.

import type { RequestIdVariables } from "hono/request-id";

/** The part of D1's API that is used here. */
export interface D1Database {
  prepare(sql: string): D1PreparedStatement;
  batch<Row = unknown>(statements: D1PreparedStatement[]): Promise<{ results: Row[] }[]>;
}

export interface D1PreparedStatement {
  bind(...values: unknown[]): D1PreparedStatement;
  first<Row>(): Promise<Row | null>;
  all<Row>(): Promise<{ results: Row[] }>;
  run(): Promise<unknown>;
}

export interface Bindings {
  DB: D1Database;
  THREEDEYE_BASE_URL: string;
  THREEDEYE_CUSTOMER_ID: string;
  THREEDEYE_API_KEY: string;
  THREEDEYE_USERNAME: string;
  THREEDEYE_PASSWORD: string;
  JWT_ISSUER: string;
  JWT_AUDIENCE: string;
  JWT_JWKS_URL: string;
  ADMIN_API_KEY: string;
  CREDENTIALS_KEY: string;
  /** Whether the verdicts on signatures are kept. The Rust Worker has no such setting. */
  SIGNATURE_CACHE?: string;
}

/** What a query answers if it can be trusted to. */
export function given<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error("an answer of D1 is incomplete");
  return value;
}

export type App = { Bindings: Bindings; Variables: RequestIdVariables };
