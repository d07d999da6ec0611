// Prints as JSON which of Logwerk's optional native packages load here.
import { loadNative } from '@logwerk/runtime'

console.log(JSON.stringify(['@node-rs/crc32', 'lz4-napi'].filter(name => loadNative(name) !== null)))
