package metrics

// addAdminDescs describes what waits for the admin, and what the admin was told.
func addAdminDescs(add func(name, help string, labels ...string)) {
	add("rebuild_accounts", "Accounts whose clients are refused until 'crossfade rebuild', those included whose users were not here since the state was lost.")
	add("pauses", "Pauses in force that an administrator ordered: of everything (0 or 1), of single accounts and of single folders.", "kind")
	add("questions", "Accounts and folders that wait for 'crossfade accept' to say what became of mail that vanished.", "kind")
	add("finish_asked_timestamp_seconds", "When 'crossfade finish' was last asked about all accounts. Absent if it was not since the program started.")
	add("finish_condition_ok", "How it answered then: 1 for a condition that stands in nobody's way or was accepted, else 0. Absent if it was not asked.", "condition")
}

// admin gives them.
func (s scrape) admin(v *Snapshot) {
	s.gauge("rebuild_accounts", float64(v.Rebuilds))
	for kind, n := range v.Paused {
		s.gauge("pauses", float64(n), kind)
	}
	for kind, n := range v.Asking {
		s.gauge("questions", float64(n), kind)
	}
	if v.Asked == nil {
		return
	}
	s.gauge("finish_asked_timestamp_seconds", float64(v.Asked.At.UnixMilli())/1000)
	for name, ok := range v.Asked.Conditions {
		s.gauge("finish_condition_ok", one(ok), label(name))
	}
}
