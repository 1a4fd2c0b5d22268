module github.com/docker/leadership

go 1.26.0
