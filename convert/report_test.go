package convert

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestReport(t *testing.T) {
	object := func(name string) diag.Object { return diag.Object{Kind: "Ingress", Namespace: "shop", Name: name} }
	cart, promo := ir.Ref{Namespace: "shop", Name: "cart"}, ir.Ref{Namespace: "shop", Name: "promo"}
	objects, _ := emit.NewEmitter(emit.Target{}).Emit(nil, ir.Translation{Routes: []ir.Route{{Owner: cart, EntryPoints: []string{"web"}, Priority: 1}}})
	result := Result{
		Objects: objects,
		Ingresses: []IngressReport{
			{
				Ingress: cart, Dialect: FromNginx, File: "a.yaml:1", Verdict: ConvertedWithLoss, Why: "W-DRR: x",
				Annotations: []ir.Annotation{{Key: "k", Outcome: diag.Lossy, Note: "n", Codes: []diag.Code{diag.WDRR}}},
				Diagnostics: []diag.Diagnostic{{Code: diag.WDRR, Severity: diag.Lossy, Object: object("cart"), Text: "x"}},
			},
			{Ingress: promo, Verdict: NotServed, Diagnostics: []diag.Diagnostic{
				{Code: diag.WDrop, Severity: diag.Invalid, Object: object("promo"), Text: "y"},
				{Code: diag.WDRR, Severity: diag.Lossy, Object: object("promo"), Text: "z"},
			}},
			{Ingress: cart, File: "a.yaml:2", Verdict: Skipped},
		},
	}
	reading := []diag.Diagnostic{{Code: diag.EBadYAML, Severity: diag.Invalid, Object: diag.Object{Kind: "File", Name: "b.yaml"}, Text: "no"}}
	report := NewReport(result, Options{Target: emit.Target{Version: emit.V3}}, reading)
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "kind": "ConversionReport",
 "apiVersion": "ingress-migrate.io/v1alpha1",
 "from": "traefik-v1",
 "target": {
  "version": "v3",
  "apiVersion": "traefik.io/v1alpha1"
 },
 "summary": {
  "ingresses": 3,
  "objects": 1,
  "converted": 0,
  "convertedWithLoss": 1,
  "blocked": 0,
  "notServed": 1,
  "skipped": 1,
  "annotations": 1,
  "diagnostics": 4,
  "codes": [
   {
    "code": "E-BAD-YAML",
    "severity": "invalid",
    "count": 1
   },
   {
    "code": "W-DROP",
    "severity": "invalid",
    "count": 1
   },
   {
    "code": "W-DRR",
    "severity": "lossy",
    "count": 2
   }
  ],
  "dialects": [
   {
    "dialect": "nginx",
    "ingresses": 1
   }
  ]
 },
 "ingresses": [
  {
   "namespace": "shop",
   "name": "cart",
   "file": "a.yaml:1",
   "dialect": "nginx",
   "verdict": "ConvertedWithLoss",
   "why": "W-DRR: x",
   "objects": [
    {
     "kind": "IngressRoute",
     "name": "cart"
    }
   ],
   "annotations": [
    {
     "key": "k",
     "outcome": "lossy",
     "note": "n",
     "codes": [
      "W-DRR"
     ]
    }
   ],
   "diagnostics": [
    {
     "code": "W-DRR",
     "severity": "lossy",
     "object": {
      "kind": "Ingress",
      "namespace": "shop",
      "name": "cart"
     },
     "text": "x"
    }
   ]
  },
  {
   "namespace": "shop",
   "name": "promo",
   "verdict": "NotServed",
   "objects": [],
   "annotations": [],
   "diagnostics": [
    {
     "code": "W-DROP",
     "severity": "invalid",
     "object": {
      "kind": "Ingress",
      "namespace": "shop",
      "name": "promo"
     },
     "text": "y"
    },
    {
     "code": "W-DRR",
     "severity": "lossy",
     "object": {
      "kind": "Ingress",
      "namespace": "shop",
      "name": "promo"
     },
     "text": "z"
    }
   ]
  },
  {
   "namespace": "shop",
   "name": "cart",
   "file": "a.yaml:2",
   "verdict": "Skipped",
   "objects": [],
   "annotations": [],
   "diagnostics": []
  }
 ],
 "diagnostics": [
  {
   "code": "E-BAD-YAML",
   "severity": "invalid",
   "object": {
    "kind": "File",
    "name": "b.yaml"
   },
   "text": "no"
  }
 ]
}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}

	copied := report.DeepCopyObject().(*ConversionReport)
	if diff := cmp.Diff(report, copied); diff != "" {
		t.Errorf("the copy differs: %s", diff)
	}
	copied.Ingresses[0].Annotations[0].Codes[0] = "X"
	copied.Ingresses[0].Objects[0].Name = "X"
	copied.Ingresses[0].Diagnostics[0].Text = "X"
	copied.Summary.Codes[0].Count = 99
	copied.Diagnostics[0].Text = "X"
	again, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(text) {
		t.Error("changing the copy changed the report")
	}
}

func TestEmptyReportHasListsAndNoNulls(t *testing.T) {
	text, err := json.Marshal(NewReport(Convert(Input{}, Options{}), Options{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("%s", text)
	}
}
