package faults

// verb is one command the server knows.
type verb struct {
	run      func(*conn, *command) error
	early    bool   // before a login, too
	selected bool   // only with a mailbox open
	uid      bool   // with UID before it, too
	needs    string // the capability it belongs to
}

// verbs are all commands.
func verbs() map[string]verb {
	return map[string]verb{
		"CAPABILITY":   {run: (*conn).capability, early: true},
		"NOOP":         {run: (*conn).noop, early: true},
		"LOGOUT":       {run: (*conn).logout, early: true},
		"LOGIN":        {run: (*conn).login, early: true},
		"AUTHENTICATE": {run: (*conn).authenticate, early: true},
		"ID":           {run: (*conn).id, early: true, needs: "ID"},
		"ENABLE":       {run: (*conn).enable, needs: "ENABLE"},
		"NAMESPACE":    {run: (*conn).namespace, needs: "NAMESPACE"},
		"LIST":         {run: (*conn).list},
		"LSUB":         {run: (*conn).lsub},
		"XLIST":        {run: (*conn).xlist, needs: "XLIST"},
		"STATUS":       {run: (*conn).status},
		"CREATE":       {run: (*conn).create},
		"DELETE":       {run: (*conn).delete},
		"RENAME":       {run: (*conn).rename},
		"SUBSCRIBE":    {run: (*conn).subscribe},
		"UNSUBSCRIBE":  {run: (*conn).subscribe},
		"SELECT":       {run: (*conn).open},
		"EXAMINE":      {run: (*conn).open},
		"CLOSE":        {run: (*conn).close, selected: true},
		"UNSELECT":     {run: (*conn).close, selected: true, needs: "UNSELECT"},
		"CHECK":        {run: (*conn).noop, selected: true},
		"FETCH":        {run: (*conn).fetch, selected: true, uid: true},
		"STORE":        {run: (*conn).store, selected: true, uid: true},
		"SEARCH":       {run: (*conn).search, selected: true, uid: true},
		"COPY":         {run: (*conn).copy, selected: true, uid: true},
		"MOVE":         {run: (*conn).copy, selected: true, uid: true, needs: "MOVE"},
		"EXPUNGE":      {run: (*conn).expunge, selected: true, uid: true},
		"APPEND":       {run: (*conn).append},
		"IDLE":         {run: (*conn).idle, needs: "IDLE"},
		"GETQUOTAROOT": {run: (*conn).quota, needs: "QUOTA"},
		"GETQUOTA":     {run: (*conn).quota, needs: "QUOTA"},
	}
}
