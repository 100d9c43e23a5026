// Reads a published folder with npm's canonicalize and @sigstore/core, and reports the first file they do not agree with.
//
//   node check.mjs <folder> <keys.json: keyid to SubjectPublicKeyInfo, base64 of DER> [<key of the time-stamping authority, PEM>]
//
// Every JSON file but the policy has to be its own canonical form. Every envelope is verified over the pre-authentication
// encoding, every time stamp over the three lines of the checkpoint it comes with. Prints what it checked, one file a line.
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import canonicalize from 'canonicalize'
import core from '@sigstore/core'

const [folder, keysFile, authority] = process.argv.slice(2)
const keys = Object.fromEntries(
  Object.entries(JSON.parse(fs.readFileSync(keysFile, 'utf8'))).map(([keyid, der]) => [
    keyid,
    crypto.createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' }),
  ]),
)
let file = ''

function need(truth, words) {
  if (!truth) {
    console.error(`${file}: ${words}`)
    process.exit(1)
  }
}

function checked(by) {
  console.log(`${by} ${file}`)
}

function read(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const value = JSON.parse(text)
  need(canonicalize(value) === text, 'is not the canonical form of what it says')
  return value
}

function verifyEnvelope(envelope) {
  const payload = Buffer.from(envelope.payload, 'base64')
  need(payload.toString('base64') === envelope.payload, 'payload is not in the one form of base64')
  const message = core.dsse.preAuthEncoding(envelope.payloadType, payload)
  need(envelope.signatures.length > 0, 'nobody signed')
  for (const { keyid, sig } of envelope.signatures) {
    need(keys[keyid], `signed by ${keyid}, which is not in the policy`)
    need(core.crypto.verify(message, keys[keyid], Buffer.from(sig, 'base64')), `signature by ${keyid} does not verify`)
  }
  read(payload)
  return payload
}

function checkStamp(bundle) {
  if (bundle.timestamp === null || !authority) return
  const lines = Buffer.from(bundle.tlogProof.split('\n\n')[1] + '\n')
  const stamp = core.RFC3161Timestamp.parse(Buffer.from(bundle.timestamp, 'base64'))
  stamp.verify(lines, crypto.createPublicKey(fs.readFileSync(authority)))
  checked('@sigstore/core-rfc3161')
}

function checkJson(bytes) {
  const value = read(bytes)
  checked('canonicalize')
  if (file.endsWith('.dsse.json')) {
    const payload = verifyEnvelope(value)
    const beside = fs.readFileSync(path.join(folder, file.replace('.dsse.json', '.json')))
    need(payload.equals(beside), 'the payload is not the document beside it')
    checked('@sigstore/core')
    file = file.replace('.dsse.json', '.json')
    checked('@sigstore/core')
  } else if (value.type === 'document-bundle/v1') {
    const payload = verifyEnvelope(value.dsse)
    need(path.basename(file).startsWith(crypto.createHash('sha256').update(payload).digest('hex')), 'is of another document')
    if (value.plan) verifyEnvelope(value.plan)
    checkStamp(value)
    checked('@sigstore/core')
  } else if (value.type === 'draw-bundle/v1') {
    for (const entry of value.documents) {
      verifyEnvelope(entry.dsse)
      read(Buffer.from(entry.leaf))
    }
    checked('@sigstore/core')
  }
}

function checkEntries(bytes) {
  let at = 0
  while (at < bytes.length) {
    const length = bytes.readUInt16BE(at)
    need(at + 2 + length <= bytes.length, 'ends within an entry')
    read(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  checked('canonicalize')
}

for (const found of fs.readdirSync(folder, { recursive: true }).sort()) {
  file = found
  if (!fs.statSync(path.join(folder, found)).isFile()) continue
  const bytes = fs.readFileSync(path.join(folder, found))
  if (/^log\/[^/]+\/tile\/entries\//.test(found)) checkEntries(bytes)
  else if (/^(doc|draws)\/.*\.json$/.test(found)) checkJson(bytes)
  else if (found.startsWith('blob/') && bytes[0] === 0x7b) checkJson(bytes)
}
