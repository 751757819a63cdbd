package gate

import "context"

// nothingUnfiled: a folder that shows all messages is not moved, and what lies in it alone would be lost.
func nothingUnfiled(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "unfiled", Text: "no folder that shows all messages is known to hold any that no other folder has"}
	for i := range g.Accounts {
		for _, v := range g.Accounts[i].Views {
			switch {
			case v.Alone > 0:
				c.item(Red, "%s: %s: %d messages or more of %d are in no other folder", g.Accounts[i].Name, v.Folder, v.Alone, v.Messages)
			case v.Archives && v.Messages > 0:
				c.item(Yellow, "%s: %s: whether all of its %d messages are in other folders too is not known", g.Accounts[i].Name, v.Folder, v.Messages)
			}
		}
	}
	c.found("%d folders show all messages and are not moved: mail that lies in no other folder, as Gmail's archived mail does, stays behind",
		"give it a label on the old server, so that a folder has it; or have the whole folder copied, with what other folders have too: 'PATH = custom' in --overrides; or accept it: --accept unfiled")
	return c, nil
}
