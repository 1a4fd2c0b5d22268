package ir

// Nobody is an address that no client has: the broadcast address of IPv4 (RFC 919).
const Nobody = "255.255.255.255/32"

// DenyAll answers 403 to everybody.
func DenyAll() Filter { return IPAllowList{SourceRange: []string{Nobody}} }
