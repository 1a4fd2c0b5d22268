// Package informer fills the webhook's stores without an API server.
package informer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

// Fill runs an informer of stores until it holds what an API server lists that does not
// stream lists to watches. list returns n objects from the given one on.
func Fill(t testing.TB, stores *cluster.Stores, example runtime.Object, total int, list func(from, n int) runtime.Object) {
	t.Helper()
	served := &toolscache.ListWatch{
		ListWithContextFunc: func(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if options.ResourceVersion != "" || options.Limit == 0 {
				return nil, fmt.Errorf("all at once is asked for: %+v", options)
			}
			from, _ := strconv.Atoi(options.Continue) // none at first
			n := min(int(options.Limit), total-from)
			page := list(from, n)
			if from += n; from < total {
				page.(metav1.ListInterface).SetContinue(strconv.Itoa(from))
			}
			page.(metav1.ListInterface).SetResourceVersion("7")
			return page, nil
		},
		WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
			if options.SendInitialEvents != nil {
				return nil, errors.New("streaming lists is not served")
			}
			return watch.NewFake(), nil
		},
	}
	informer := stores.NewInformer(served, example, 0, toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc})
	if err := informer.SetTransform(cluster.Slim); err != nil {
		t.Fatal(err)
	}
	go informer.RunWithContext(t.Context())
	if !toolscache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) {
		t.Fatal("the informer holds nothing")
	}
}
