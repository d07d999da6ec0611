import { KafkaError, messageOf } from '@logwerk/runtime'
import { asBuffer } from './buffers.ts'
import { corrupt } from './failures.ts'
import type { ZstdEngine } from './zstd.ts'

/**
 * The module's memory ends at 2 GiB, and a failed allocation in it would go unnoticed. Input and output of one call together stay
 * below half of that.
 */
const MAX_CALL_BYTES = 1 << 30
/** What the module has at its start. */
const MEMORY_PAGES = 258
/** How the package words zstd's error 70, "destination buffer is too small". */
const DESTINATION_TOO_SMALL = /code -70$/
const NO_DICTIONARY = new Uint8Array(0)

/** The part of the platform's WebAssembly that is used here; TypeScript knows it only together with all of the browser. */
interface MemoryPlatform {
  readonly WebAssembly: { readonly Memory: new (size: { readonly initial: number }) => object }
}

let loading: Promise<ZstdEngine> | undefined

/** zstd in WebAssembly, from `@bokuweb/zstd-wasm`; loaded once per process. Rejects where WebAssembly is not to be had. */
export function loadZstdWasm(): Promise<ZstdEngine> {
  loading ??= load()
  return loading
}

async function load(): Promise<ZstdEngine> {
  // The package waits for ever if the module cannot get its memory (a limit on address space is enough), so that is tried first.
  const { Memory } = (globalThis as unknown as MemoryPlatform).WebAssembly
  new Memory({ initial: MEMORY_PAGES })
  const wasm = await import('@bokuweb/zstd-wasm')
  await wasm.init()
  // A new context costs as much as compressing 16 KB, so both are kept.
  const compressContext = wasm.createCCtx()
  const decompressContext = wasm.createDCtx()
  return {
    compress(input, level) {
      checkCallBytes(2 * input.length)
      return asBuffer(wasm.compressUsingDict(compressContext, input, NO_DICTIONARY, level))
    },
    decompressFrame(frame, maxBytes) {
      checkCallBytes(frame.length + maxBytes)
      try {
        // The option counts only where the frame does not state its content's size; where it does, `maxBytes` is that size.
        return asBuffer(wasm.decompressUsingDict(decompressContext, frame, NO_DICTIONARY, { defaultHeapSize: maxBytes }))
      } catch (error) {
        if (DESTINATION_TOO_SMALL.test(messageOf(error))) return null
        throw corrupt('zstd', messageOf(error), error)
      }
    },
  }
}

function checkCallBytes(callBytes: number): void {
  if (callBytes <= MAX_CALL_BYTES) return
  throw new KafkaError(
    'MESSAGE_TOO_LARGE',
    `zstd would need ${callBytes} bytes for one batch; its WebAssembly version has ${MAX_CALL_BYTES}, the one of Node 22.15 and newer more`,
  )
}
