// Checks evidence of apledger with golang.org/x/mod/sumdb, which knows nothing of apledger.
//
//	verify VKEY inclusion FILE...            evidence files (c2sp.org/tlog-proof)
//	verify VKEY consistency OLD NEW PROOF    two checkpoints, and a file with one base 64 hash a line
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func read(file string) string {
	b, err := os.ReadFile(file)
	must(err)
	return string(b)
}

func open(text string, v note.Verifier) tlog.Tree {
	n, err := note.Open([]byte(text), note.VerifierList(v))
	must(err)
	l := strings.Split(n.Text, "\n")
	if l[0] != v.Name() {
		must(fmt.Errorf("origin %s is not %s", l[0], v.Name()))
	}
	size, err := strconv.ParseInt(l[1], 10, 64)
	must(err)
	h, err := tlog.ParseHash(l[2])
	must(err)
	return tlog.Tree{N: size, Hash: h}
}

func hashes(lines []string) []tlog.Hash {
	var out []tlog.Hash
	for _, l := range lines {
		h, err := tlog.ParseHash(l)
		must(err)
		out = append(out, h)
	}
	return out
}

func inclusion(file string, v note.Verifier) {
	head, checkpoint, _ := strings.Cut(read(file), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		must(fmt.Errorf("no tlog-proof: %s", lines[0]))
	}
	sealed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	var fact struct {
		Stream   string
		Revision int64
	}
	must(json.Unmarshal(sealed[64:], &fact))
	leaf := fmt.Sprintf("apledger.leaf/v1\n%s\n%d\n%x\n", fact.Stream, fact.Revision, sha256.Sum256(sealed))
	tree := open(checkpoint, v)
	must(tlog.CheckRecord(hashes(lines[3:]), tree.N, tree.Hash, index, tlog.RecordHash([]byte(leaf))))
	fmt.Println("leaf", index, "of", tree.N, "holds")
}

func main() {
	v, err := note.NewVerifier(strings.TrimSpace(read(os.Args[1])))
	must(err)
	if os.Args[2] == "inclusion" {
		for _, file := range os.Args[3:] {
			inclusion(file, v)
		}
		return
	}
	old, cur := open(read(os.Args[3]), v), open(read(os.Args[4]), v)
	must(tlog.CheckTree(hashes(strings.Fields(read(os.Args[5]))), cur.N, cur.Hash, old.N, old.Hash))
	fmt.Println("consistency", old.N, "->", cur.N, "holds")
}
