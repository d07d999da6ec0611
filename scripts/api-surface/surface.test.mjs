// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here
import { expect, test } from 'vitest'
import { declarationsIn } from './declarations.mjs'
import { lineDifference } from './line-difference.mjs'

test('every form of declaration is read, without its comments', () => {
  const { declared, exported } = declarationsIn(`
import { type Bytes } from './bytes.ts';
/** A doc; with a semicolon and a { brace. */
export declare class Log {
    #private;
    /** Where it lies. */
    readonly path: string;
    append(batch: Bytes): Promise<number>; // no comment
}
export declare function open(path: string): Log;
export declare function open(path: string, options: { readonly mode: 'r;' | 'w' }): Log;
export declare const limits: {
    readonly recordBytes: 1024;
};
export type Mode = { r: 1 } | \`w\${string}\`;
declare const hidden = 1;
export { hidden as shown };
//# sourceMappingURL=x.d.ts.map`)
  expect(declared.get('Log')).toEqual([
    'export declare class Log {\n    readonly path: string;\n    append(batch: Bytes): Promise<number>;\n}',
  ])
  expect(declared.get('open')).toEqual([
    'export declare function open(path: string): Log;',
    "export declare function open(path: string, options: { readonly mode: 'r;' | 'w' }): Log;",
  ])
  expect(declared.get('limits')).toEqual(['export declare const limits: {\n    readonly recordBytes: 1024;\n};'])
  expect(declared.get('Mode')).toEqual(['export type Mode = { r: 1 } | `w${string}`;'])
  expect(exported.map(({ name, local }) => [name, local])).toEqual([
    ['Log', 'Log'],
    ['open', 'open'],
    ['limits', 'limits'],
    ['Mode', 'Mode'],
    ['shown', 'hidden'],
  ])
})

test('re-exports say where they come from', () => {
  const { exported } = declarationsIn(`
import { a as b } from './a.ts';
export { b };
export { c, type D, e as f } from './c.ts';
export type { G } from '@logwerk/runtime';`)
  expect(exported).toEqual([
    { name: 'b', local: 'a', from: './a.ts', type: false },
    { name: 'c', local: 'c', from: './c.ts', type: false },
    { name: 'D', local: 'D', from: './c.ts', type: true },
    { name: 'f', local: 'e', from: './c.ts', type: false },
    { name: 'G', local: 'G', from: '@logwerk/runtime', type: true },
  ])
})

test('a difference names the lines that went and came', () => {
  expect(lineDifference('a\nb\nc\nd', 'a\nc\nx\nd')).toBe('- b\n+ x')
  expect(lineDifference('', 'a')).toBe('- \n+ a')
  expect(lineDifference('a\nb', 'a\nb')).toBe('')
})
