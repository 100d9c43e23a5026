// Command checker reads the static folder of a log with the note and tlog packages of the Go project
// and reports the first byte that they do not agree with.
//
//	checker <folder> <verifier key>
//
// It opens the checkpoint, reads every hash tile through the authenticating reader, hashes every entry
// bundle, compares each tile file with the tile made from the entries, and checks the files under
// proofs/ (tlog-proof) and consistency/ (old root, then the proof, one base64 hash per line). Any file
// under tile/ that the tree does not call for is an error.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: checker <folder> <verifier key>")
		os.Exit(64)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(folder, vkey string) error {
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(signed, vkey)
	if err != nil {
		return err
	}
	hashes, files, err := hashEntries(folder, tree.N)
	if err != nil {
		return err
	}
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("entries give another root than the checkpoint")
	}
	count, err := checkTiles(folder, tree, hashes, stored)
	if err != nil {
		return err
	}
	if err := checkNoOtherFiles(folder, count+files); err != nil {
		return err
	}
	proofs, err := checkProofs(folder, vkey, tree, stored)
	if err != nil {
		return err
	}
	olds, err := checkConsistency(folder, tree, stored)
	if err != nil {
		return err
	}
	fmt.Printf("size %d tiles %d bundles %d proofs %d consistency %d\n", tree.N, count, files, proofs, olds)
	return nil
}

func openCheckpoint(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: not three lines of log %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// hashEntries returns the stored hashes of the entries in the bundles, and the number of bundles.
func hashEntries(folder string, size int64) ([]tlog.Hash, int, error) {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	bundles := 0
	for first := int64(0); first < size; first += 256 {
		width := min(256, size-first)
		tile := tlog.Tile{H: tileHeight, L: -1, N: first / 256, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		rest, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, 0, err
		}
		for n := first; n < first+width; n++ {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				return nil, 0, fmt.Errorf("%s: ends within entry %d", path, n)
			}
			end := 2 + int(binary.BigEndian.Uint16(rest))
			made, err := tlog.StoredHashes(n, rest[2:end], reader)
			if err != nil {
				return nil, 0, err
			}
			hashes = append(hashes, made...)
			rest = rest[end:]
		}
		if len(rest) != 0 {
			return nil, 0, fmt.Errorf("%s: %d bytes too many", path, len(rest))
		}
		bundles++
	}
	return hashes, bundles, nil
}

type folderTiles struct{ folder string }

func (t folderTiles) Height() int                      { return tileHeight }
func (t folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(t.folder, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		read[i] = data
	}
	return read, nil
}

func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func checkTiles(folder string, tree tlog.Tree, hashes []tlog.Hash, stored tlog.HashReader) (int, error) {
	tiles := tlog.NewTiles(tileHeight, 0, tree.N)
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(folder, tilePath(tile)))
		if err != nil {
			return 0, err
		}
		made, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(data, made) {
			return 0, fmt.Errorf("%s: differs from the tile made from the entries", tilePath(tile))
		}
	}
	reader := tlog.TileHashReader(tree, folderTiles{folder})
	for index := range hashes {
		if index%97 != 0 && index != len(hashes)-1 {
			continue
		}
		found, err := reader.ReadHashes([]int64{int64(index)})
		if err != nil {
			return 0, err
		}
		if found[0] != hashes[index] {
			return 0, fmt.Errorf("stored hash %d differs", index)
		}
	}
	return len(tiles), nil
}

func checkNoOtherFiles(folder string, expected int) error {
	found := 0
	err := filepath.WalkDir(filepath.Join(folder, "tile"), func(_ string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && !entry.IsDir() {
			found++
		}
		return err
	})
	if err == nil && found != expected {
		err = fmt.Errorf("%d files under tile/, expected %d", found, expected)
	}
	return err
}

func checkProofs(folder, vkey string, tree tlog.Tree, stored tlog.HashReader) (int, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "proofs", "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		head, checkpoint, found := strings.Cut(string(data), "\n\n")
		lines := strings.Split(head, "\n")
		if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
			return 0, fmt.Errorf("%s: not a tlog-proof", path)
		}
		own, err := openCheckpoint([]byte(checkpoint), vkey)
		if err != nil {
			return 0, err
		}
		leaf, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[1], "extra "))
		if err != nil {
			return 0, err
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
		if err != nil {
			return 0, err
		}
		proof, err := parseHashes(lines[3:])
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, own.N, own.Hash, index, tlog.RecordHash(leaf)); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		made, err := tlog.ProveRecord(tree.N, index, stored)
		if err != nil {
			return 0, err
		}
		if fmt.Sprint(made) != fmt.Sprint(tlog.RecordProof(proof)) {
			return 0, fmt.Errorf("%s: differs from the proof made here", path)
		}
	}
	return len(paths), nil
}

func checkConsistency(folder string, tree tlog.Tree, stored tlog.HashReader) (int, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "consistency", "*"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		old, err := strconv.ParseInt(filepath.Base(path), 10, 64)
		if err != nil {
			return 0, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		hashes, err := parseHashes(strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"))
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(hashes[1:], tree.N, tree.Hash, old, hashes[0]); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		made, err := tlog.ProveTree(tree.N, old, stored)
		if err != nil {
			return 0, err
		}
		if fmt.Sprint(made) != fmt.Sprint(tlog.TreeProof(hashes[1:])) {
			return 0, fmt.Errorf("%s: differs from the proof made here", path)
		}
	}
	return len(paths), nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
