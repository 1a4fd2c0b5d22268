package static

// transport carries how Traefik speaks to servers, and how it resolves names.
func (r *conversion) transport() {
	for _, key := range [][2]string{{"insecureskipverify", "insecureSkipVerify"}, {"rootcas", "rootCAs"}, {"maxidleconnsperhost", "maxIdleConnsPerHost"}} {
		r.carry(key[0], "serversTransport", key[1])
	}
	r.carryAll("forwardingtimeouts", []string{"serversTransport", "forwardingTimeouts"},
		[2]string{"dialtimeout", "dialTimeout"}, [2]string{"responseheadertimeout", "responseHeaderTimeout"})
	if r.has("hostresolver") {
		r.tree.set(Tree{}, "hostResolver")
	}
	r.carryAll("hostresolver", []string{"hostResolver"},
		[2]string{"cnameflattening", "cnameFlattening"}, [2]string{"resolvconfig", "resolvConfig"}, [2]string{"resolvdepth", "resolvDepth"})
}
