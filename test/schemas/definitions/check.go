package definitions

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metav1validation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Check says what an API server would refuse or prune of an object; nil if
// nothing. The order is the API server's: prune, default, validate.
func (s *Set) Check(ctx context.Context, object *unstructured.Unstructured) error {
	d, ok := s.byKind[kind{object.GetAPIVersion(), object.GetKind()}]
	if !ok {
		return fmt.Errorf("no definition of %s %s", object.GetAPIVersion(), object.GetKind())
	}
	content := runtime.DeepCopyJSON(object.Object)
	var problems []error
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(content, d.structural, true, options) {
		problems = append(problems, fmt.Errorf("%s is unknown and would be pruned", path))
	}
	defaulting.Default(content, d.structural)
	found := metav1validation.ValidateObjectMetaAccessor(object, true, metav1validation.NameIsDNSSubdomain, field.NewPath("metadata"))
	found = append(found, validation.ValidateCustomResource(nil, content, d.values)...)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, d.structural, content)...)
	if d.rules != nil {
		broken, _ := d.rules.Validate(ctx, nil, d.structural, content, nil, celconfig.RuntimeCELCostBudget)
		found = append(found, broken...)
	}
	return errors.Join(append(problems, found.ToAggregate())...)
}
