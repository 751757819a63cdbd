package learn

import "crossfade/mapping/names"

// Book learns from rows and words.
func Book(rows []Row, words []Word) (*names.Book, error) {
	table, err := Table(rows, words)
	if err != nil {
		return nil, err
	}
	return names.Parse(table, Vocabulary(rows, words))
}
