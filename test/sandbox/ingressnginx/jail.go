package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// user is who the controller is in its jail: as root, nginx would try to become
// another user, and there is none. So two capabilities have to be kept by name
// (linux/capability.h).
const (
	user         = 1000
	capSysChroot = 18
	capSysAdmin  = 21
)

// enter starts this program again as the first process of namespaces of its own:
// there it may mount what it likes, and nginx ends with it.
func enter() error {
	runtime.LockOSThread() // Pdeathsig is about the thread that started it
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Env = append(os.Environ(), inside+"=1")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{capSysChroot, capSysAdmin},
		Pdeathsig:   syscall.SIGKILL,
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("starting the controller in namespaces of its own (user namespaces have to be allowed): %w", err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		child.Process.Kill() // the namespace ends with its first process
	}()
	return child.Wait()
}

// furnish makes the jail and moves into it.
func furnish() error {
	root := os.Getenv("INGRESS_NGINX_JAIL")
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("jail", root, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", root, err)
	}
	for _, dir := range []string{"etc/ingress-controller/telemetry", "run", "tmp/nginx", "var/log/nginx", "var/lib/nginx", "var/run"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"usr", "bin", "sbin", "lib", "lib64", "dev"} {
		if err := mirror(root, dir); err != nil {
			return err
		}
	}
	if err := bind(os.Getenv("INGRESS_NGINX_PACKAGES"), filepath.Join(root, "packages")); err != nil {
		return err
	}
	proc := filepath.Join(root, "proc")
	if err := os.Mkdir(proc, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		// Where a container hides parts of /proc, no new one may be mounted.
		if err := syscall.Mount("/proc", proc, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("mounting /proc: %w", err)
		}
	}
	if err := writeFiles(root, os.Getenv("INGRESS_NGINX_ROOTFS")); err != nil {
		return err
	}
	if err := syscall.Chroot(root); err != nil {
		return fmt.Errorf("entering %s: %w", root, err)
	}
	return os.Chdir("/")
}

// mirror puts the system's folder into the jail, or the link that it is.
func mirror(root, dir string) error {
	target, err := os.Readlink("/" + dir)
	switch {
	case err == nil:
		return os.Symlink(target, filepath.Join(root, dir))
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return bind("/"+dir, filepath.Join(root, dir))
}

func bind(from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", from, err)
	}
	return nil
}
