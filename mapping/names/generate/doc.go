// Generate makes table.txt, vocabulary.txt and titles.txt, which are embedded in package names, out of names.tsv,
// names as found with their sources, corrections.tsv, slips among them, and words.tsv, general vocabulary. Package
// learn says how. It reads nothing else.
package main
