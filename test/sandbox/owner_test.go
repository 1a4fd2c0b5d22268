package sandbox_test

func ownSandbox() int { return 0 }
