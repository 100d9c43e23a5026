/* The same task as selection.order.first, as fast as a plain loop of portable C does it: ids from a file, one per line;
   SHA-256 of key ":" id; those below a bound sorted by ticket, then id; the first k printed.
   The key fills the first block of SHA-256 exactly, so its state is computed once, as in selection/keys.py.

   tickets KEY BOUND COUNT < ids > order      BOUND: 64 hex digits; on stderr: seconds of work and peak memory in kB */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void add_block(uint32_t state[8], const uint8_t *block) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7]
               + (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i += 8) {
        /* Eight rounds, after which every letter is back in its place: nothing has to be moved. */
#define ROUND(a, b, c, d, e, f, g, h, j)                                                                             \
    t = s[h] + (turn(s[e], 6) ^ turn(s[e], 11) ^ turn(s[e], 25)) + (s[g] ^ (s[e] & (s[f] ^ s[g]))) + K[i + j] + w[i + j]; \
    s[d] += t;                                                                                                        \
    s[h] = t + (turn(s[a], 2) ^ turn(s[a], 13) ^ turn(s[a], 22)) + ((s[a] & s[b]) | (s[c] & (s[a] | s[b])));
        uint32_t t;
        ROUND(0, 1, 2, 3, 4, 5, 6, 7, 0) ROUND(7, 0, 1, 2, 3, 4, 5, 6, 1) ROUND(6, 7, 0, 1, 2, 3, 4, 5, 2)
        ROUND(5, 6, 7, 0, 1, 2, 3, 4, 3) ROUND(4, 5, 6, 7, 0, 1, 2, 3, 4) ROUND(3, 4, 5, 6, 7, 0, 1, 2, 5)
        ROUND(2, 3, 4, 5, 6, 7, 0, 1, 6) ROUND(1, 2, 3, 4, 5, 6, 7, 0, 7)
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

struct drawn { uint8_t ticket[32]; char id[56]; };

static int compare(const void *a, const void *b) {
    const struct drawn *x = a, *y = b;
    int order = memcmp(x->ticket, y->ticket, 32);
    return order ? order : strcmp(x->id, y->id);
}

static long peak(void) {
    long found = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &found);
    if (status) fclose(status);
    return found;
}

int main(int count, char **words) {
    if (count != 4 || strlen(words[1]) != 64 || strlen(words[2]) != 64) return 64;
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    add_block(first, (const uint8_t *)words[1]);
    uint8_t bound[32];
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(words[2] + 2 * i, "%2x", &byte) != 1) return 64;
        bound[i] = (uint8_t)byte;
    }
    size_t k = strtoul(words[3], NULL, 10), kept = 0, room = 1024;
    struct drawn *drawn = malloc(room * sizeof *drawn);
    char line[64];
    while (drawn && fgets(line, sizeof line, stdin)) {
        size_t length = strcspn(line, "\n");
        if (length > 54) return 65; /* one block holds ":", the id, 0x80 and the length */
        uint8_t block[64] = {':'};
        memcpy(block + 1, line, length);
        block[1 + length] = 0x80;
        uint32_t bits = (uint32_t)(65 + length) * 8, state[8];
        block[62] = (uint8_t)(bits >> 8);
        block[63] = (uint8_t)bits;
        memcpy(state, first, sizeof state);
        add_block(state, block);
        struct drawn here;
        for (int i = 0; i < 32; i++) here.ticket[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
        if (memcmp(here.ticket, bound, 32) >= 0) continue;
        memcpy(here.id, line, length);
        here.id[length] = 0;
        if (kept == room) drawn = realloc(drawn, (room *= 2) * sizeof *drawn);
        if (!drawn) return 71;
        drawn[kept++] = here;
    }
    if (!drawn || kept < k) return 70; /* the caller's bound was too low */
    qsort(drawn, kept, sizeof *drawn, compare);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    for (size_t i = 0; i < k; i++) puts(drawn[i].id);
    fprintf(stderr, "%.6f %ld\n", (double)(ended.tv_sec - begun.tv_sec) + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec), peak());
    return 0;
}
