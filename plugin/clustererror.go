package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// clusterError adds to an error of the API what to do next.
func clusterError(err error) error {
	var unreachable *url.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w; ask for that right, or name a namespace that you may read with -n", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w; log in to the cluster again, or choose another --context", err)
	case errors.As(err, &unreachable):
		return fmt.Errorf("cannot reach the cluster at %s: %w; choose another --context, or convert files with convert -f", hostOf(unreachable.URL), unreachable.Err)
	}
	return err
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Scheme + "://" + u.Host
}
