// Names for the shapes of openapi.json that several files speak of.

import type { components } from "./api";

type Schemas = components["schemas"];

export type AuditEntry = Schemas["AuditEntry"];
export type BackfillRun = Schemas["BackfillRun"];
export type Count = Schemas["Count"];
export type Health = Schemas["Health"];
export type Next = Schemas["NextStep"];
export type NextAct = Schemas["NextAct"];
export type Notice = Schemas["Notice"];
export type Operator = Schemas["Operator"];
export type OperatorSession = Schemas["ConsoleSession"];
export type OwnSession = Schemas["OwnSession"];
export type Overview = Schemas["Overview"];
export type Provisioned = Schemas["ProvisionResult"];
export type Reason = Schemas["FailureReason"];
export type ResetPlan = Schemas["ResetPlan"];
export type Role = Schemas["OperatorRole"];
export type State = Schemas["UserState"];
export type Stats = Schemas["Stats"];
export type System = Schemas["System"];
export type UserDetail = Schemas["UserDetail"];
export type UserRow = Schemas["UserRow"];
