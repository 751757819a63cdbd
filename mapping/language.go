package mapping

import "slices"

// common are languages that mail servers are set to. Where another one's default folders have the same names, as Lao ones
// have English names and Galician ones nearly Spanish ones, the common one is meant.
func common() []string {
	return []string{"ar", "bg", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hu", "id", "it", "ja", "ko", "nb", "nl",
		"pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "zh"}
}

// leastSpoken is the share of the evidence that a language must have at least.
const leastSpoken = 0.2

// Language is the language that a tree's folders speak for, as a BCP 47 tag; "" if none does, or two do equally.
func (t *Tree) Language(over Overrides) string {
	_, vote := t.Read(over, "")
	if len(vote) == 0 || vote[0].Weight < leastSpoken {
		return ""
	}
	all := common()
	found := ""
	for _, v := range vote {
		switch {
		case v.Weight*nearly <= vote[0].Weight || found != "" && base(found) == base(v.Language) || !slices.Contains(all, base(v.Language)):
		case found != "":
			return ""
		default:
			found = v.Language
		}
	}
	if found == "" {
		found = vote[0].Language
	}
	return found
}
