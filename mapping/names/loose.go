package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// loosen takes from a folded name what writers leave out or spell either way, script by script: blanks; the accents
// of Latin and Greek; ё for е; vowel points of Arabic and Hebrew; the forms of alef, yeh, kaf and teh; nukta,
// candrabindu and chillu letters; hiragana for katakana; simplified for traditional characters of what is written
// about mail. Vowel signs of Indic and south-east Asian scripts stay. marks are the accents that were taken, in
// order: a name that has accents which another lacks is not a spelling of it (see within).
func loosen(folded string) (key, marks string) {
	if plain(folded) || wholeThai(folded) {
		return strings.ReplaceAll(folded, " ", ""), ""
	}
	return loosenMarked(folded)
}

// loosenMarked is the general case.
func loosenMarked(folded string) (key, marks string) {
	var k, m strings.Builder
	k.Grow(len(folded))
	base := rune(0)
	for _, r := range norm.NFD.String(folded) {
		if r == ' ' {
			continue
		}
		if unicode.Is(unicode.Mn, r) {
			r = mark(base, r, &m)
			if r >= 0 {
				k.WriteRune(r)
			}
			continue
		}
		base = r
		if s, ok := letters[r]; ok {
			k.WriteString(s)
			if !unicode.In(r, unicode.Arabic, unicode.Han, unicode.Hiragana, unicode.Malayalam, unicode.Bengali) {
				m.WriteRune(r)
			}
			continue
		}
		if 'ァ' <= r && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		k.WriteRune(r)
	}
	return norm.NFC.String(k.String()), m.String()
}

// mark says what is left of a combining mark in a loose key, -1 for nothing. What a reader would miss is noted.
func mark(base, r rune, noted *strings.Builder) rune {
	switch {
	case unicode.In(base, unicode.Latin, unicode.Greek):
		if r == '\u0327' || r == '\u0326' || r == '\u0328' {
			r = '\u0327' // cedilla, comma below and ogonek are taken for one another
		}
		if r == '\u0306' || r == '\u030c' {
			r = '\u030c' // breve and caron
		}
		noted.WriteRune(r)
		return -1
	case base == 'е' && r == '\u0308': // ё
		return -1
	case '\u064b' <= r && r <= '\u0655' || r == '\u0670': // Arabic vowel signs, hamza and madda on a carrier
		return -1
	case '\u05b0' <= r && r <= '\u05c7': // Hebrew points
		return -1
	case r == '\u093c' || r == '\u09bc' || r == '\u0a3c' || r == '\u0abc' || r == '\u0b3c' || r == '\u0cbc': // nukta
		return -1
	case r == '\u0901': // candrabindu
		return '\u0902'
	case r == '\u0949' || r == '\u0945':
		return '\u093e'
	}
	return r
}

// letters are spelt either way. The first part has letters of their own with the letters that stand for them where
// a keyboard lacks them.
var letters = map[rune]string{
	'ø': "o", 'æ': "ae", 'œ': "oe", 'đ': "d", 'ð': "d", 'ł': "l", 'ħ': "h", 'þ': "th", 'ŋ': "n", 'ŧ': "t", 'ə': "e", 'ĸ': "q",

	'ى': "ي", 'ی': "ي", 'ې': "ي", 'ٱ': "ا", 'ک': "ك", 'ڪ': "ك", 'ة': "ه", 'ہ': "ه", 'ھ': "ه", 'ۀ': "ه", 'ە': "ه", 'ۃ': "ه", 'ۆ': "و",

	'ൺ': "ണ്", 'ൻ': "ന്", 'ർ': "ര്", 'ൽ': "ല്", 'ൾ': "ള്", 'ൿ': "ക്", 'ৎ': "ত্", 'ৰ': "র",

	'郵': "邮", '刪': "删", '備': "备", '發': "发", '傳': "传", '檔': "档", '歸': "归", '項': "项", '夾': "夹", '儲': "储",
	'範': "范", '樣': "样", '資': "资", '訊': "讯", '電': "电", '標': "标", '記': "记", '聯': "联", '絡': "络", '連': "连", '佇': "伫",
	'暫': "暂", '無': "无", '簡': "简", '號': "号", '廣': "广", '過': "过", '濾': "滤", '棄': "弃", '專': "专", '題': "题", '紀': "纪",
	'錄': "录", '曆': "历", '歷': "历", '務': "务", '誌': "志", '會': "会", '話': "话", '談': "谈", '閱': "阅", '讀': "读", '訂': "订",
	'問': "问", '騷': "骚", '擾': "扰", '廢': "废", '棧': "栈", '處': "处", '壓': "压", '縮': "缩", '匯': "汇",
}

// within tells whether all accents of a spelling stand in the name too.
func within(spelling, name string) bool {
	if spelling == name {
		return true
	}
	for _, r := range spelling {
		if strings.Count(spelling, string(r)) > strings.Count(name, string(r)) {
			return false
		}
	}
	return true
}

// plain tells of names that have no letters beyond ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// wholeThai tells of names in which nothing is spelt either way and no mark changes its place when blanks go.
func wholeThai(folded string) bool {
	last := rune(0)
	for _, r := range folded {
		if r != ' ' && !thai(r) || last == ' ' && unicode.Is(unicode.Mn, r) {
			return false
		}
		last = r
	}
	return true
}

// respell returns the folded name as it is spelt in the language's own way without accents: "ae" for "ä" in German.
// It returns "" where there is no such way.
func respell(language, folded string) string {
	r := respellings[language]
	if r == nil {
		return ""
	}
	if s := r.Replace(folded); s != folded {
		return s
	}
	return ""
}

var respellings = map[string]*strings.Replacer{
	"de": strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue"),
	"lb": strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue"),
	"sv": strings.NewReplacer("ä", "ae", "ö", "oe", "å", "aa"),
	"fi": strings.NewReplacer("ä", "ae", "ö", "oe"),
	"et": strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue"),
	"da": strings.NewReplacer("ø", "oe", "å", "aa"),
	"nb": strings.NewReplacer("ø", "oe", "å", "aa"),
	"nn": strings.NewReplacer("ø", "oe", "å", "aa"),
	"fo": strings.NewReplacer("ø", "oe", "å", "aa"),
	"hr": strings.NewReplacer("đ", "dj"),
	"sr": strings.NewReplacer("đ", "dj"),
	"bs": strings.NewReplacer("đ", "dj"),
	"eo": strings.NewReplacer("ĉ", "cx", "ĝ", "gx", "ĥ", "hx", "ĵ", "jx", "ŝ", "sx", "ŭ", "ux"),
	"uk": strings.NewReplacer("ґ", "г"),
}
