package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"
	"text/template"

	"github.com/go-jose/go-jose/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// operatorFunctions are those that the External Secrets Operator adds to sprig's in its engine v2 (external-secrets.io,
// "Advanced Templating v2", Helper functions). getSecretKey is not among them: it reads any Secret of the cluster. Its
// toYaml and fromYaml go on with nothing where they fail; here they are errors, so that no Secret is made of that.
//
// No error quotes what a function was given.
var operatorFunctions = template.FuncMap{
	"pkcs12key":      func(archive string) (string, error) { return keyOfArchive("", archive) },
	"pkcs12keyPass":  keyOfArchive,
	"pkcs12cert":     func(archive string) (string, error) { return certificatesOfArchive("", archive) },
	"pkcs12certPass": certificatesOfArchive,

	"pemToPkcs12":         func(cert, key string) (string, error) { return archive(cert, key, "", false) },
	"pemToPkcs12Pass":     func(cert, key, pass string) (string, error) { return archive(cert, key, pass, false) },
	"fullPemToPkcs12":     func(cert, key string) (string, error) { return archive(cert, key, "", true) },
	"fullPemToPkcs12Pass": func(cert, key, pass string) (string, error) { return archive(cert, key, pass, true) },

	"pemTruststoreToPKCS12":     func(certs string) (string, error) { return truststore(certs, "") },
	"pemTruststoreToPKCS12Pass": truststore,

	"filterPEM":       filterPEM,
	"filterCertChain": filterCertChain,
	"certSANs":        certSANs,

	"jwkPublicKeyPem":  jwkPublicKeyPem,
	"jwkPrivateKeyPem": jwkPrivateKeyPem,

	"rsaDecrypt": rsaDecrypt,
}

var errNoPEM = errors.New("there is no PEM block")

// fromBegin drops what stands before the first PEM block: text there is allowed, and read in different ways by
// different versions of encoding/pem.
func fromBegin(source string) []byte {
	return []byte(source[max(strings.Index(source, "-----BEGIN"), 0):])
}

func toPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func toPEMs(certificates []*x509.Certificate) string {
	var all strings.Builder
	for _, each := range certificates {
		all.WriteString(toPEM("CERTIFICATE", each.Raw))
	}
	return all.String()
}

func privateKeyToPEM(key any) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", errors.New("holds no private key that PKCS#8 knows")
	}
	return toPEM("PRIVATE KEY", der), nil
}

func keyOfArchive(password, archive string) (string, error) {
	key, _, _, err := pkcs12.DecodeChain([]byte(archive), password)
	if err != nil {
		return "", fmt.Errorf("is no PKCS#12 archive that opens: %w", err)
	}
	return privateKeyToPEM(key)
}

// certificatesOfArchive has leaf, intermediates and root in this order, or all as they are where that can't be told.
func certificatesOfArchive(password, archive string) (string, error) {
	_, leaf, rest, err := pkcs12.DecodeChain([]byte(archive), password)
	if err != nil {
		return "", fmt.Errorf("is no PKCS#12 archive that opens: %w", err)
	}
	all := append([]*x509.Certificate{leaf}, rest...)
	if ordered, err := inOrder(all); err == nil {
		all = ordered
	}
	return toPEMs(all), nil
}

// archive is base64 of a PKCS#12 archive with the first certificate and its key; `full` takes the others too.
func archive(certs, key, password string, full bool) (string, error) {
	chain, err := certificates(certs)
	if err != nil {
		return "", err
	}
	private, err := privateKey(key)
	if err != nil {
		return "", err
	}
	others := chain[1:]
	if !full {
		others = nil
	}
	made, err := pkcs12.Modern.Encode(private, chain[0], others, password)
	if err != nil {
		return "", errors.New("certificate and key can't be put into a PKCS#12 archive")
	}
	return base64.StdEncoding.EncodeToString(made), nil
}

func truststore(certs, password string) (string, error) {
	chain, err := certificates(certs)
	if err != nil {
		return "", err
	}
	made, err := pkcs12.Modern.EncodeTrustStore(chain, password)
	if err != nil {
		return "", errors.New("the certificates can't be put into a PKCS#12 archive")
	}
	return base64.StdEncoding.EncodeToString(made), nil
}

// certificates are those of all PEM blocks, at least one.
func certificates(source string) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	block, rest := pem.Decode(fromBegin(source))
	for ; block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d is no certificate", len(found)+1)
		}
		found = append(found, certificate)
	}
	if len(found) == 0 {
		return nil, errNoPEM
	}
	return found, nil
}

func privateKey(source string) (any, error) {
	block, _ := pem.Decode(fromBegin(source))
	if block == nil {
		return nil, errNoPEM
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("the PEM block is no private key of RSA, ECDSA or Ed25519 without a password")
}

// inOrder has each certificate before the one that its authority key names. It proves nothing about signatures.
func inOrder(certificates []*x509.Certificate) ([]*x509.Certificate, error) {
	issuer := make([]int, len(certificates))
	issues := make([]bool, len(certificates))
	for i, each := range certificates {
		issuer[i] = -1
		for j, other := range certificates {
			if i != j && bytes.Equal(each.AuthorityKeyId, other.SubjectKeyId) {
				issuer[i], issues[j] = j, true
				break
			}
		}
	}
	leaf := -1
	for i := range certificates {
		if issues[i] {
			continue
		}
		if leaf >= 0 {
			return nil, errors.New("has several leaf certificates, or some that don't belong together")
		}
		leaf = i
	}
	if leaf < 0 {
		return nil, errors.New("has no leaf certificate")
	}
	ordered := make([]*x509.Certificate, 0, len(certificates))
	for at := leaf; at >= 0; at = issuer[at] {
		if len(ordered) == len(certificates) {
			return nil, errors.New("has certificates that issue each other in a circle")
		}
		ordered = append(ordered, certificates[at])
	}
	return ordered, nil
}

func filterPEM(kind, source string) (string, error) {
	var all strings.Builder
	block, rest := pem.Decode(fromBegin(source))
	for ; block != nil; block, rest = pem.Decode(rest) {
		if strings.EqualFold(block.Type, kind) {
			all.Write(pem.EncodeToMemory(block))
		}
	}
	if all.Len() == 0 && len(rest) > 0 {
		return "", errors.New("has text that is no PEM block")
	}
	return all.String(), nil
}

// filterCertChain is the leaf, the intermediates or the root of a chain, empty where there is none.
func filterCertChain(which, source string) (string, error) {
	all, err := certificates(source)
	if err != nil {
		return "", err
	}
	chain, err := inOrder(all)
	if err != nil {
		return "", err
	}
	last := chain[len(chain)-1]
	switch which {
	case "leaf":
		if isRoot(chain[0]) {
			return "", nil
		}
		return toPEMs(chain[:1]), nil
	case "intermediate":
		between := chain[1:]
		for i, each := range between {
			if isRoot(each) {
				between = between[:i]
				break
			}
		}
		return toPEMs(between), nil
	case "root":
		if isRoot(last) {
			return toPEMs([]*x509.Certificate{last}), nil
		}
	}
	return "", nil
}

func isRoot(certificate *x509.Certificate) bool {
	return certificate.AuthorityKeyId == nil || bytes.Equal(certificate.AuthorityKeyId, certificate.SubjectKeyId)
}

func certSANs(source string) ([]string, error) {
	found, err := certificates(source)
	if err != nil {
		return nil, err
	}
	names := append([]string{}, found[0].DNSNames...)
	for _, address := range found[0].IPAddresses {
		names = append(names, address.String())
	}
	names = append(names, found[0].EmailAddresses...)
	for _, uri := range found[0].URIs {
		names = append(names, uri.String())
	}
	return names, nil
}

func readJWK(source string) (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON([]byte(source)); err != nil {
		return key, errors.New("is no JSON Web Key of RSA, ECDSA or Ed25519")
	}
	return key, nil
}

// jwkPublicKeyPem takes a private key as well, and leaves out what is private.
func jwkPublicKeyPem(source string) (string, error) {
	key, err := readJWK(source)
	if err != nil {
		return "", err
	}
	if !key.IsPublic() {
		key = key.Public()
	}
	der, err := x509.MarshalPKIXPublicKey(key.Key)
	if err != nil {
		return "", errors.New("is no JSON Web Key with a public part")
	}
	return toPEM("PUBLIC KEY", der), nil
}

func jwkPrivateKeyPem(source string) (string, error) {
	key, err := readJWK(source)
	if err != nil {
		return "", err
	}
	return privateKeyToPEM(key.Key)
}

// rsaDecrypt knows the scheme RSA-OAEP with SHA1, SHA256 (for any other name too) or SHA512, and None for no encryption.
func rsaDecrypt(scheme, digest, encrypted, key string) (string, error) {
	switch scheme {
	case "None":
		return encrypted, nil
	case "RSA-OAEP":
	default:
		return "", errors.New("rsaDecrypt knows the schemes None and RSA-OAEP")
	}
	private, err := privateKey(key)
	if err != nil {
		return "", err
	}
	rsaKey, isRSA := private.(*rsa.PrivateKey)
	if !isRSA {
		return "", errors.New("the private key is none of RSA")
	}
	var hashed hash.Hash
	switch digest {
	case "SHA1":
		hashed = sha1.New()
	case "SHA512":
		hashed = sha512.New()
	default:
		hashed = sha256.New()
	}
	opened, err := rsa.DecryptOAEP(hashed, nil, rsaKey, []byte(encrypted), nil)
	if err != nil {
		return "", errors.New("does not decrypt with this key and hash")
	}
	return string(opened), nil
}
