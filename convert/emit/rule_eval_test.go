package emit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

// request is what rules look at: the host in lower case without port, the
// decoded path, one header.
type request struct{ host, path, header, value string }

// evaluate parses a rule as Traefik does (github.com/vulcand/predicate reads it
// as a Go expression) and evaluates it with the matchers of version v.
func evaluate(rule string, v Version, r request) (bool, error) {
	expr, err := parser.ParseExpr(rule)
	if err != nil {
		return false, err
	}
	return evaluateExpr(expr, v, r)
}

func evaluateExpr(expr ast.Expr, v Version, r request) (bool, error) {
	switch e := expr.(type) {
	case *ast.ParenExpr:
		return evaluateExpr(e.X, v, r)
	case *ast.UnaryExpr:
		if e.Op != token.NOT {
			return false, fmt.Errorf("operator %s", e.Op)
		}
		ok, err := evaluateExpr(e.X, v, r)
		return !ok, err
	case *ast.BinaryExpr:
		left, err := evaluateExpr(e.X, v, r)
		if err != nil {
			return false, err
		}
		right, err := evaluateExpr(e.Y, v, r)
		if err != nil {
			return false, err
		}
		switch e.Op {
		case token.LAND:
			return left && right, nil
		case token.LOR:
			return left || right, nil
		}
		return false, fmt.Errorf("operator %s", e.Op)
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		if !ok {
			return false, fmt.Errorf("call of %T", e.Fun)
		}
		var args []string
		for _, a := range e.Args {
			lit, ok := a.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return false, fmt.Errorf("argument %T", a)
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				return false, err
			}
			if s == "" {
				return false, fmt.Errorf("empty argument of %s", name.Name)
			}
			args = append(args, s)
		}
		return evaluateMatcher(name.Name, args, v, r)
	}
	return false, fmt.Errorf("expression %T", expr)
}

func evaluateMatcher(name string, args []string, v Version, r request) (bool, error) {
	want := 1
	if strings.Contains(name, "Header") {
		want = 2
	}
	if len(args) != want {
		return false, fmt.Errorf("%s with %d arguments", name, len(args))
	}
	arg := args[0]
	switch {
	case name == "Host":
		return strings.EqualFold(arg, r.host), nil
	case name == "HostRegexp" && v == V2:
		return matchMux(mux.NewRouter().Host(arg), r)
	case name == "HostRegexp":
		return matchRegexp(arg, r.host)
	case name == "Path" && v == V2:
		return matchMux(mux.NewRouter().Path(arg), r)
	case name == "PathPrefix" && v == V2:
		return matchMux(mux.NewRouter().PathPrefix(arg), r)
	case name == "Path":
		return r.path == arg, nil
	case name == "PathPrefix":
		return strings.HasPrefix(r.path, arg), nil
	case name == "PathRegexp" && v == V3:
		return matchRegexp(arg, r.path)
	case name == "Headers" && v == V2, name == "Header" && v == V3:
		return strings.EqualFold(arg, r.header) && args[1] == r.value, nil
	case name == "HeadersRegexp" && v == V2, name == "HeaderRegexp" && v == V3:
		ok, err := matchRegexp(args[1], r.value)
		return ok && strings.EqualFold(arg, r.header), err
	}
	return false, fmt.Errorf("Traefik %d has no matcher %s", v, name)
}

func matchRegexp(expression, s string) (bool, error) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return false, err
	}
	return re.MatchString(s), nil
}

func matchMux(route *mux.Route, r request) (bool, error) {
	if err := route.GetError(); err != nil {
		return false, err
	}
	req := &http.Request{Method: http.MethodGet, Host: r.host, URL: &url.URL{Path: r.path}, Header: http.Header{}}
	var match mux.RouteMatch
	return route.Match(req, &match), nil
}
