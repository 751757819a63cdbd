// Generate makes table.txt and vocabulary.txt, which are embedded in package names, out of names.tsv, names as
// found with their sources, and words.tsv, general vocabulary. Package learn says how. It reads nothing else.
package main
