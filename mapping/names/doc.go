// Package names says what the name of a folder may mean: which default folder, in which languages, and how sure
// one may be. It knows names only. What attributes, the rest of a tree and an admin say is weighed in package
// mapping, which asks here.
package names
