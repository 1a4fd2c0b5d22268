module github.com/thoas/stats

go 1.26.0
