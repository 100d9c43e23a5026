"use strict";
// A witness's phone: makes a key that cannot be taken out of it, and signs digits once it has seen what the bytes say.
(() => {
  const TYPE = "application/vnd.double-random.document+json";
  const box = () => document.getElementById("witness");
  const say = (name, on = true) => { const p = box().querySelector(`[data-say=${name}]`); if (p) p.hidden = !on; };
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const keyId = async (key) => "sha256:" + hex(await crypto.subtle.digest("SHA-256", await crypto.subtle.exportKey("spki", key)));
  const slot = () => `${box().dataset.draw}/${box().dataset.label}`;

  function store(mode, use) {
    return new Promise((resolve, reject) => {
      const open = indexedDB.open("double-random-witness", 1);
      open.onupgradeneeded = () => open.result.createObjectStore("keys");
      open.onerror = () => reject(open.error);
      open.onsuccess = () => {
        const work = open.result.transaction("keys", mode);
        const asked = use(work.objectStore("keys"));
        work.oncomplete = () => { open.result.close(); resolve(asked.result); };
        work.onerror = work.onabort = () => reject(work.error);
      };
    });
  }
  const kept = () => store("readonly", (keys) => keys.get(slot()));
  const make = () => crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);

  async function able() {
    try {
      if (!isSecureContext) return false;
      const pair = await make();
      await store("readonly", (keys) => keys.count());
      return !pair.privateKey.extractable;
    } catch { return false; }
  }

  async function start() {
    if (!box()) return;
    const { mode, keyid } = box().dataset;
    if (mode === "view") return;
    if (!(await able())) return say(mode === "make" ? "paper" : "lost");
    const pair = await kept();
    const mine = pair && (await keyId(pair.publicKey)) === keyid;
    if (mode === "make") {
      const button = box().querySelector("[data-do=make]");
      if (button) button.hidden = Boolean(mine);
      if (keyid && !mine) say("other");
    } else {
      say("lost", !mine);
      box().querySelector("[data-form=sign]").hidden = !mine;
    }
  }

  async function offer() {
    let pair = await kept();  // a key made before, whose arrival nobody heard of, is offered again
    if (!pair) {
      pair = await make();
      await store("readwrite", (keys) => keys.put(pair, slot()));
    }
    const key = base64(await crypto.subtle.exportKey("raw", pair.publicKey));
    const answer = await fetch(box().dataset.post, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ key }) });
    if (answer.ok) document.dispatchEvent(new Event("renew")); else say("paper");
  }

  // DSSE: what is signed names type and length, so the bytes are put together here again and compared.
  function encoding(payload) {
    const head = new TextEncoder().encode(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `);
    const all = new Uint8Array(head.length + payload.length);
    all.set(head);
    all.set(payload, head.length);
    return all;
  }

  function isMine(payload, digits) {
    const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    const { draw, label, s } = box().dataset;
    return said.type === "contribution/v1" && said.plan === s && said.id === draw && said.label === label
      && said.line === `witness:${label}:${digits}` && said.form === null && said.actors.length === 0;
  }

  async function sign(digits) {
    const api = `/api/v1/draws/${box().dataset.draw}/contributions`;
    const asked = await fetch(`${api}/${box().dataset.label}?digits=${digits}`);
    const told = await asked.json();
    if (!asked.ok) throw new Error(told.detail);
    const payload = bytesOf(told.payload), bytes = encoding(payload);
    if (!isMine(payload, digits) || base64(bytes) !== told.pae) return say("mismatch");
    const pair = await kept();
    const keyid = await keyId(pair.publicKey);
    const sig = base64(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, bytes));
    const body = JSON.stringify({ payload: told.payload, payloadType: TYPE, signatures: [{ keyid, sig }] });
    const answer = await fetch(api, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    document.getElementById("digits").value = "";
    document.dispatchEvent(new Event("renew"));
  }

  const count = () => { box().querySelector("[data-count]").textContent = document.getElementById("digits").value.length; };
  document.addEventListener("input", (event) => {
    if (event.target.id !== "digits") return;
    event.target.value = event.target.value.replace(/[^0-9]/g, "");
    count();
  });
  document.addEventListener("click", (event) => {
    const { digit, do: act } = event.target.dataset ?? {};
    if (act === "make") offer().catch(() => say("paper"));
    if (digit === undefined) return;
    const field = document.getElementById("digits");
    field.value = digit === "" ? field.value.slice(0, -1) : (field.value + digit).slice(0, 80);
    count();
  });
  document.addEventListener("submit", async (event) => {
    if (event.target.dataset.form !== "sign") return;
    event.preventDefault();
    const button = event.target.querySelector("button.button");
    button.disabled = true;
    say("failed", false);
    try {
      await sign(document.getElementById("digits").value);
    } catch (error) {
      box().querySelector("[data-why]").textContent = error.message;
      say("failed");
    }
    button.disabled = false;
  });
  document.addEventListener("live", start);
  start();
})();
