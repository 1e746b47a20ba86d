// Verify the log of a Portcullis bundle with the Go checksum database's own packages, unchanged.
//
//	sumdb BUNDLE [every]
//
// golang.org/x/mod/sumdb/note opens the checkpoint, golang.org/x/mod/sumdb/tlog does everything with the tree:
//  1. the checkpoint's note is signed by the key in `vkey`,
//  2. the leaves alone, hashed one after the other, give the checkpoint's root,
//  3. every leaf is proved to be included, with proofs from the tiles, which tlog authenticates against the root,
//  4. every `every`-th prefix (1: all of them) is proved to be one of this log.
//
// It reads the whole log; what the leaves say is for verifier/verify.py. tlog's tile paths carry the height of the tiles, C2SP's do not:
// that is the only adapter. The exit code is 0 when all of it holds, else 1.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// tiles reads the tiles of a bundle, each once; tlog checks what it is given against the root.
type tiles struct {
	bundle string
	read   map[string][]byte
}

func (t tiles) Height() int                         { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		if _, known := t.read[path]; !known {
			if t.read[path], err = os.ReadFile(filepath.Join(t.bundle, path)); err != nil {
				return nil, err
			}
		}
		data = append(data, t.read[path])
	}
	return data, nil
}

// checkpoint is the tree whose root the log's key has signed (1).
func checkpoint(bundle string) (origin string, tree tlog.Tree, err error) {
	vkey, err := os.ReadFile(filepath.Join(bundle, "vkey"))
	if err != nil {
		return "", tree, err
	}
	key, err := note.NewVerifier(strings.TrimSuffix(string(vkey), "\n"))
	if err != nil {
		return "", tree, err
	}
	signed, err := os.ReadFile(filepath.Join(bundle, "checkpoint"))
	if err != nil {
		return "", tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return "", tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() {
		return "", tree, errors.New("the checkpoint is not origin, size and root")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return "", tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return lines[0], tree, err
}

// leaves are the record hashes of all entries, in order. An entry stands behind its length in two bytes.
func leaves(bundle string, size int64) (hashes []tlog.Hash, err error) {
	for n := int64(0); n*width < size; n++ {
		tile := tlog.Tile{H: 8, L: -1, N: n, W: width}
		if size-n*width < width {
			tile.W = int(size - n*width)
		}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(bundle, path))
		if err != nil {
			return nil, err
		}
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			hashes = append(hashes, tlog.RecordHash(data[2:end]))
			data = data[end:]
		}
	}
	if int64(len(hashes)) != size {
		return nil, fmt.Errorf("there are %d entries, and the checkpoint says %d", len(hashes), size)
	}
	return hashes, nil
}

// rootOf is the root that the leaves alone give (2). Of no leaves RFC 6962 says it; not every version of tlog does.
func rootOf(records []tlog.Hash) (tlog.Hash, error) {
	if len(records) == 0 {
		return sha256.Sum256(nil), nil
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, i := range indexes {
			found = append(found, stored[i])
		}
		return found, nil
	})
	for i, record := range records {
		more, err := tlog.StoredHashesForRecordHash(int64(i), record, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, more...)
	}
	return tlog.TreeHash(int64(len(records)), reader)
}

func verify(bundle string, every int64) (string, error) {
	origin, tree, err := checkpoint(bundle)
	if err != nil {
		return "", err
	}
	records, err := leaves(bundle, tree.N)
	if err != nil {
		return "", err
	}
	if root, err := rootOf(records); err != nil || root != tree.Hash {
		return "", fmt.Errorf("the entries do not give the signed root (%v)", err)
	}
	hashes := tlog.TileHashReader(tree, tiles{bundle, map[string][]byte{}})
	for i, record := range records {
		proof, err := tlog.ProveRecord(tree.N, int64(i), hashes)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), record); err != nil {
			return "", fmt.Errorf("leaf %d is not included: %w", i, err)
		}
	}
	prefixes := 0
	for old := int64(1); old <= tree.N; old += every {
		root, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return "", err
		}
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, root); err != nil {
			return "", fmt.Errorf("the first %d leaves are not a prefix: %w", old, err)
		}
		prefixes++
	}
	return fmt.Sprintf("%s: %d leaves, the root is theirs, every one is included, %d prefixes are consistent", origin, tree.N, prefixes), nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: sumdb BUNDLE [every]")
	}
	every := int64(1)
	if len(os.Args) > 2 {
		n, err := strconv.ParseInt(os.Args[2], 10, 64)
		if err != nil || n < 1 {
			log.Fatal("`every` is a whole number from 1 on")
		}
		every = n
	}
	said, err := verify(os.Args[1], every)
	if err != nil {
		log.Fatalf("did not verify: %v", err)
	}
	fmt.Println(said)
}
