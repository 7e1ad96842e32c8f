import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitCycle, type Waitable, type Waiter } from '../../../simulator/engine/waits.ts';

class Someone implements Waiter {
  readonly name: string;
  waitsFor = 'nothing';
  waitsOn: Waitable | null = null;

  constructor(name: string) {
    this.name = name;
  }

  waits(name: string, ...owners: Waiter[]): this {
    this.waitsFor = name;
    this.waitsOn = { name, owners: () => owners };
    return this;
  }
}

test('whoever waits for somebody who can go on is in no deadlock', () => {
  const daemon = new Someone('daemon');
  const writer = new Someone('writer').waits('throttle', daemon);
  assert.equal(waitCycle(writer), null);
});

test('a cycle is told from where it closes, without those who only wait at its edge', () => {
  const daemon = new Someone('daemon');
  const flusher = new Someone('flusher').waits('temporary page', daemon);
  const writer = new Someone('writer').waits('throttle', flusher);
  daemon.waits('frames', flusher);
  assert.deepEqual(
    waitCycle(writer)?.map(({ who, what }) => `${who.name} → ${what.name}`),
    ['flusher → temporary page', 'daemon → frames'],
  );
});

test('of several owners, one that leads back is enough', () => {
  const idle = new Someone('idle');
  const a = new Someone('a');
  const b = new Someone('b').waits('lock', idle, a);
  a.waits('other lock', idle, b);
  assert.equal(waitCycle(a)?.length, 2);
});

test('who waits for himself is a cycle of one', () => {
  const a = new Someone('a');
  a.waits('lock', a);
  assert.deepEqual(
    waitCycle(a)?.map(({ who }) => who),
    [a],
  );
});
