package metrics

// addSettleDescs describes how accounts and folders leave the proxy.
func addSettleDescs(add func(name, help string, labels ...string)) {
	add("stage_accounts", "Accounts: blended (not all folders have settled), settled, spliced (plain pipes to the destination), closed (the source is asked no more).", "stage")
	add("stage_folders", "Folders by the same stages; those that only the destination has count as settled.", "stage")
	add("unsettled_folders", "Folders that have not settled, by what they wait for.", "reason")
	add("settling_stopped", "1 while nothing settles until 'crossfade settle --go', else 0.")
}

// settle gives them.
func (s scrape) settle(v *Snapshot) {
	for stage, n := range v.AccountStages {
		s.gauge("stage_accounts", float64(n), stage)
	}
	for stage, n := range v.FolderStages {
		s.gauge("stage_folders", float64(n), stage)
	}
	for reason, n := range v.Unsettled {
		s.gauge("unsettled_folders", float64(n), reason)
	}
	s.gauge("settling_stopped", one(v.SettleStopped))
}
