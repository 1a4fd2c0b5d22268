package judge

import "context"

// Client asks whatever listens at two addresses, as judges ask their controllers.
type Client struct{ client *client }

// NewClient makes one for the addresses of an entry point in clear and one that
// ends TLS.
func NewClient(plain, secure string) Client { return Client{newClient(plain, secure)} }

// Ask sends one request.
func (c Client) Ask(ctx context.Context, r Request) (Answer, error) { return c.client.ask(ctx, r) }

// Close ends idle connections. Each keeps the certificate that it was opened with.
func (c Client) Close() { c.client.close() }
