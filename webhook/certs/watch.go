package certs

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
)

// one is a watched object. Asking for it by name needs rights on that name alone.
type one struct {
	store  toolscache.Store
	synced func() bool
}

// watchOne watches one object until ctx ends; changed is told about changes. What is
// not allowed, or not there, is asked for again.
func watchOne(ctx context.Context, client rest.Interface, resource string, key types.NamespacedName, object runtime.Object, changed func()) *one {
	store, informer := toolscache.NewInformerWithOptions(toolscache.InformerOptions{
		ListerWatcher: toolscache.NewListWatchFromClient(client, resource, key.Namespace, fields.OneTermEqualSelector("metadata.name", key.Name)),
		ObjectType:    object,
		Handler: toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { changed() },
			UpdateFunc: func(any, any) { changed() },
			DeleteFunc: func(any) { changed() },
		},
	})
	go informer.RunWithContext(ctx)
	return &one{store: store, synced: informer.HasSynced}
}

// get returns the object, nil when there is none, and whether that is known.
func (o *one) get() (object any, known bool) {
	if !o.synced() {
		return nil, false
	}
	if all := o.store.List(); len(all) > 0 {
		return all[0], true
	}
	return nil, true
}
