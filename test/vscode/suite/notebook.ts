import { ok } from './assert.ts';
import * as vscode from 'vscode';

describe('notebook', () => {
  it('the extension is there', () => {
    ok(vscode.extensions.getExtension('refault.refault'), 'refault.refault is not known');
  });
});
