package names

import "strings"

// Verdict is what one name means in one mailbox.
type Verdict struct {
	Role       Role   // "" for a custom folder, and when there is doubt
	Language   string // BCP 47 tag; "" when not known
	Rule       Rule
	Confidence float64 // 0 to 1
	Doubt      string  // why the name, which may be a default name, was given no role; for people
}

const (
	enough  = 0.6  // confidence that gives a role
	clear   = 0.88 // share of a role among the meanings of a name
	support = 0.25 // share of the vote that makes a language the mailbox's
)

// Judge decides what name means in a mailbox whose languages are voted as given (see [Languages]). Without a vote
// only what is so in every language counts. Names of views ([Role.View]) are views among Gmail's own folders only:
// elsewhere "Important" and "Favourites" are somebody's own, which the caller must know.
func Judge(name string, vote []Vote) Verdict { return builtin().Judge(name, vote) }

// Judge is like the function of that name.
func (b *Book) Judge(name string, vote []Vote) Verdict {
	senses := b.Senses(name)
	if len(senses) == 0 {
		return Verdict{}
	}
	best, share := &senses[0], 1.0
	if len(senses) > 1 {
		best, share = choose(senses, vote)
	}
	lang, backing := language(best, vote)
	sure := best.sure
	if sure < 1 && len(vote) > 0 {
		if backing >= support {
			sure = 1 - (1-sure)/2
		} else if backing < 0.05 {
			sure *= 0.85
		}
	}
	v := Verdict{Role: best.Role, Language: lang, Rule: best.Rule, Confidence: sure * share}
	switch {
	case share < clear:
		v.Role, v.Doubt = "", "the name is a default name of several roles: "+roles(senses)
	case v.Confidence < enough:
		v.Role, v.Doubt = "", "it may be the default folder for "+string(best.Role)+", or one's own"
	}
	return v
}

func roles(senses []Sense) string {
	var out []string
	for _, s := range senses {
		out = append(out, string(s.Role))
	}
	return strings.Join(out, ", ")
}

// choose returns the likeliest of several meanings and its share. What the sources of the mailbox's languages say
// counts, and a little what all sources say.
func choose(senses []Sense, vote []Vote) (*Sense, float64) {
	const prior = 0.15
	all := 0.0
	for _, s := range senses {
		all += s.total
	}
	score := make([]float64, len(senses))
	for i, s := range senses {
		score[i] = prior * s.total / all
	}
	sum := prior
	for _, v := range vote {
		n := 0.0
		for _, s := range senses {
			n += s.of(v.Language)
		}
		if n == 0 {
			continue
		}
		w := v.Weight * n / (n + 0.5)
		for i, s := range senses {
			score[i] += w * s.of(v.Language) / n
		}
		sum += w
	}
	top := 0
	for i := range score {
		if score[i] > score[top] {
			top = i
		}
	}
	return &senses[top], score[top] / sum
}

// of is how many sources give the sense in a language; those of its other regions count half.
func (s *Sense) of(language string) float64 {
	n := 0.0
	for i, l := range s.Languages {
		if l == language {
			n += s.weight[i]
		} else if base(l) == base(language) {
			n += s.weight[i] / 2
		}
	}
	return n
}

// base is the language of a tag without script and region.
func base(tag string) string {
	b, _, _ := strings.Cut(tag, "-")
	return b
}

// language returns the language of a meaning: that of the mailbox if it is among the meaning's, else the one in
// which most sources have it. backing is the share of the vote for the meaning's languages.
func language(s *Sense, vote []Vote) (lang string, backing float64) {
	for _, v := range vote {
		if s.of(v.Language) > 0 {
			if backing == 0 {
				lang = v.Language
			}
			backing += v.Weight
		}
	}
	if lang != "" {
		return lang, backing
	}
	most := 0.0
	for i, l := range s.Languages {
		if l != "und" && l != Any && s.weight[i] > most {
			lang, most = l, s.weight[i]
		}
	}
	return lang, 0
}

// Default tells whether name is a default name in some language, of a clear role or of several, among the roles
// that are carried and the outbox. A folder must not be created under such a name unless it has the role: the
// server may not be able to change the mailbox's language any more, and clients take it for the wrong folder.
// Names of calendars, notes and the like, and of views, are names that people give to folders for mail too.
func Default(name string) bool { return builtin().Default(name) }

// Default is like the function of that name.
func (b *Book) Default(name string) bool {
	for _, s := range b.Senses(name) {
		if (s.Role.Carried() || s.Role == Outbox) && s.Rule != ByNumber && (s.Rule == ByName && s.sure > alone || s.sure >= enough) {
			return true
		}
	}
	return false
}
