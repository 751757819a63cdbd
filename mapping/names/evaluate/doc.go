// Evaluate measures how well package names knows names that it was not made from. Each source of names.tsv is left
// out in turn with its relatives, the table and the vocabulary are learned again from the others, and the names of
// the source are judged: each alone, with the vote of the names that the source has for the same language, and in
// their tree: a name of several roles then has the one that no other name of the tree has, as package mapping decides.
// Words told by hand (words.tsv) stay: they are general vocabulary, but who wrote them had seen names.tsv, so the
// figures for sources left out flatter them. Names of sources that nobody had seen then are judged too (-others).
//
//	go run ./mapping/names/evaluate [-v] [-custom FILE] [-others FILE]
//
// -v lists what was missed and what was wrong; -custom is a list of names of folders that are nobody's default;
// -others has the columns of names.tsv. Files that are not there are left out.
package main
