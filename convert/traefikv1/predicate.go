package traefikv1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
)

// Circuit breaker and retry expressions are Go expressions over a few functions
// (vulcand/oxy with vulcand/predicate). An expression that does not type-check
// makes Traefik 1.7 drop the frontend, so types are what has to be known here.
type exprType string

const (
	typeInvalid exprType = ""
	typeBool    exprType = "bool"
	typeInt     exprType = "int"
	typeFloat   exprType = "float64"
	typeString  exprType = "string"
)

// signature is the type of a function.
type signature struct {
	result    exprType
	arguments []exprType
}

func breakerFunction(name string) (signature, bool) {
	switch name {
	case "LatencyAtQuantileMS":
		return signature{typeInt, []exprType{typeFloat}}, true
	case "NetworkErrorRatio":
		return signature{typeFloat, nil}, true
	case "ResponseCodeRatio":
		return signature{typeFloat, []exprType{typeInt, typeInt, typeInt, typeInt}}, true
	}
	return signature{}, false
}

func retryFunction(name string) (signature, bool) {
	switch name {
	case "RequestMethod":
		return signature{typeString, nil}, true
	case "IsNetworkError":
		return signature{typeBool, nil}, true
	case "Attempts", "ResponseCode":
		return signature{typeInt, nil}, true
	}
	return signature{}, false
}

func validBreaker(expression string) bool { return validPredicate(expression, breakerFunction) }

func validRetry(expression string) bool { return validPredicate(expression, retryFunction) }

// maxPredicate bounds the length of an expression: the parser of Go recurses.
const maxPredicate = 4096

func validPredicate(expression string, functions func(string) (signature, bool)) bool {
	if len(expression) > maxPredicate {
		return false
	}
	node, err := parser.ParseExpr(expression)
	return err == nil && typeOf(node, functions) == typeBool
}

func typeOf(node ast.Expr, functions func(string) (signature, bool)) exprType {
	switch n := node.(type) {
	case *ast.ParenExpr:
		return typeOf(n.X, functions)
	case *ast.CallExpr:
		return typeOfCall(n, functions)
	case *ast.BinaryExpr:
		return typeOfBinary(n, functions)
	}
	return typeInvalid // also a negation: the language has none
}

func typeOfCall(n *ast.CallExpr, functions func(string) (signature, bool)) exprType {
	function, ok := n.Fun.(*ast.Ident)
	if !ok {
		return typeInvalid
	}
	s, ok := functions(function.Name)
	if !ok || len(n.Args) != len(s.arguments) {
		return typeInvalid
	}
	for i, argument := range n.Args {
		if typeOfLiteral(argument) != s.arguments[i] {
			return typeInvalid
		}
	}
	return s.result
}

// typeOfBinary: conditions are joined, or the value of a function is compared
// with a literal of the same type; an integer is not a float.
func typeOfBinary(n *ast.BinaryExpr, functions func(string) (signature, bool)) exprType {
	left := typeOf(n.X, functions)
	switch n.Op {
	case token.LAND, token.LOR:
		if left == typeBool && typeOf(n.Y, functions) == typeBool {
			return typeBool
		}
	case token.EQL, token.NEQ:
		if left != typeInvalid && left != typeBool && left == typeOfLiteral(n.Y) {
			return typeBool
		}
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if (left == typeInt || left == typeFloat) && left == typeOfLiteral(n.Y) {
			return typeBool
		}
	}
	return typeInvalid
}

func typeOfLiteral(node ast.Expr) exprType {
	if paren, ok := node.(*ast.ParenExpr); ok {
		return typeOfLiteral(paren.X)
	}
	literal, ok := node.(*ast.BasicLit)
	if !ok {
		return typeInvalid
	}
	switch literal.Kind {
	case token.INT:
		if _, err := strconv.Atoi(literal.Value); err == nil {
			return typeInt
		}
	case token.FLOAT:
		return typeFloat
	case token.STRING:
		return typeString
	}
	return typeInvalid
}
