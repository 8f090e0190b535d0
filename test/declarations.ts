// For tests of declarations: what a kind makes of an object that is as short as a line.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldPath } from "../src/api/machinery/field.ts";
import type { Resource } from "../src/api/machinery/resource.ts";

const facts = { now: Date.parse("2026-01-01T00:00:00Z"), username: "tester" };

/** An object of a kind as a decoder would give it, with defaults and what a create settles. */
export function made(resource: Resource, fields: object): any {
  const draft: any = {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    spec: {},
    ...structuredClone(fields),
    metadata: { name: "x", uid: "u", ...(resource.namespaced ? { namespace: "ns" } : {}), ...(fields as any).metadata },
  };
  resource.defaults?.(draft);
  resource.prepareCreate?.(draft, facts);
  return draft;
}

function errorsOf(resource: Resource, object: any): string[] {
  const root = new FieldPath();
  const errors = [...(resource.validate?.(object, root) ?? []), ...(resource.validateCreate?.(object, root) ?? [])];
  return errors.map(({ field, body }) => `${field}: ${body}`);
}

function errorsOfUpdate(resource: Resource, next: any, previous: any): string[] {
  const errors = resource.validateUpdate?.(next, previous, new FieldPath()) ?? [];
  return [...errors].map(({ field, body }) => `${field}: ${body}`);
}

/** One `check` for a kind: an object and what is wrong with it, in the order of the messages. */
export function checksOf(resource: Resource) {
  return {
    check(name: string, fields: object, ...wanted: string[]): void {
      test(`${resource.id}: ${name}`, () => assert.deepEqual(errorsOf(resource, made(resource, fields)), wanted));
    },
    /** What defaults and creation make of an object, at one place. */
    checkMade(name: string, fields: object, pick: (object: any) => unknown, wanted: unknown): void {
      test(`${resource.id}: ${name}`, () => {
        const object = made(resource, fields);
        assert.deepEqual(errorsOf(resource, object), []);
        assert.deepEqual(pick(object), wanted);
      });
    },
    checkUpdate(name: string, before: object, after: object, ...wanted: string[]): void {
      test(`${resource.id}: ${name}`, () => {
        const [previous, next] = [made(resource, before), made(resource, after)];
        resource.prepareUpdate?.(next, previous, facts);
        assert.deepEqual(errorsOfUpdate(resource, next, previous), wanted);
      });
    },
    /** What an update makes of an object, at one place. */
    checkChanged(name: string, before: object, after: object, pick: (object: any) => unknown, wanted: unknown): void {
      test(`${resource.id}: ${name}`, () => {
        const [previous, next] = [made(resource, before), made(resource, after)];
        resource.prepareUpdate?.(next, previous, facts);
        assert.deepEqual(pick(next), wanted);
      });
    },
    /** What a write of the status makes of it. */
    checkStatusMade(name: string, fields: object, before: object, after: object, wanted: unknown): void {
      test(`${resource.id}: ${name}`, () => {
        const [previous, next] = [before, after].map((status) => ({
          ...made(resource, fields),
          status: structuredClone(status),
        }));
        resource.defaults?.(next);
        resource.prepareStatusUpdate?.(next, previous, facts);
        assert.deepEqual(next?.status, wanted);
      });
    },
    /** What is wrong with a change of the status. */
    checkStatus(name: string, fields: object, before: object, after: object, ...wanted: string[]): void {
      test(`${resource.id}: ${name}`, () => {
        const [previous, next] = [before, after].map((status) => ({ ...made(resource, fields), status }));
        const errors = [...(resource.validateStatusUpdate?.(next, previous, new FieldPath()) ?? [])];
        const texts = errors.map(({ field, body }) => `${field}: ${body}`);
        assert.deepEqual(texts, wanted);
      });
    },
    /** What a client is warned of when it makes an object. */
    checkWarnings(name: string, fields: object, ...wanted: string[]): void {
      test(`${resource.id}: ${name}`, () => {
        assert.deepEqual([...(resource.warnings?.(made(resource, fields)) ?? [])], wanted);
      });
    },
    /** A row of the table. */
    checkRow(name: string, fields: object, ...wanted: unknown[]): void {
      test(`${resource.id}: ${name}`, () => {
        const object: any = { ...made(resource, fields), status: (fields as any).status };
        const cells = (resource.columns ?? []).map((column) => column.value(object, facts.now));
        assert.deepEqual(cells.slice(0, wanted.length), wanted);
      });
    },
  };
}
