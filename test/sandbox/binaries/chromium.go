package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// chromiumPackages are Debian's headless Chromium, its resources and one family of
// fonts, so that pages look alike on every machine. Libraries are found by their
// dependencies.
func chromiumPackages() []string {
	return []string{"chromium-headless-shell", "chromium-common", "fonts-dejavu-core"}
}

// Chromium returns Debian's headless Chromium, unpacked into the cache: no root,
// no change of the system.
func Chromium(ctx context.Context, log io.Writer) (string, error) {
	if err := canUnpack(); err != nil {
		return "", fmt.Errorf("chromium: %w", err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "chromium-debian")
	path := filepath.Join(dir, "chromium")
	if isFile(path) {
		return path, nil
	}
	unlock, err := lock(ctx, log, filepath.Join(cache, "chromium.lock"), "chromium")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) { // unpacked while we waited
		return path, nil
	}
	fmt.Fprintln(log, "unpacking Chromium from Debian's packages, first time only, about a minute …")
	if err := unpackChromium(ctx, dir, path); err != nil {
		return "", fmt.Errorf("chromium: %w", err)
	}
	return path, nil
}

// unpackChromium writes a script that starts what was unpacked: callers need not
// know where libraries and fonts are. It comes last, and only when it runs.
func unpackChromium(ctx context.Context, dir, path string) error {
	files, err := unpack(ctx, dir, chromiumPackages()...)
	if err != nil {
		return err
	}
	fonts := filepath.Join(dir, "fonts.conf")
	content := fmt.Sprintf(`<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>%s/usr/share/fonts</dir><cachedir>%s</cachedir></fontconfig>`, files, filepath.Join(dir, "fontcache"))
	if err := os.WriteFile(fonts, []byte(content), 0o644); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH=$(echo %[1]q/usr/lib/*-linux-gnu*):$(echo %[1]q/lib/*-linux-gnu*):$(echo %[1]q/usr/lib/*-linux-gnu*/pulseaudio)\nFONTCONFIG_FILE=%[2]q\nexport LD_LIBRARY_PATH FONTCONFIG_FILE\nexec %[1]q/usr/lib/chromium/chromium-headless-shell \"$@\"\n", files, fonts)
	unfinished := path + ".unfinished"
	if err := os.WriteFile(unfinished, []byte(script), 0o755); err != nil {
		return err
	}
	if version, err := output(ctx, dir, unfinished, "--version"); err != nil || version == "" {
		return errors.Join(errors.New("the unpacked program does not start"), err)
	}
	return os.Rename(unfinished, path)
}
