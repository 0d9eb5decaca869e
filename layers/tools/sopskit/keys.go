package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"filippo.io/age"
	agearmor "filippo.io/age/armor"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/aws/smithy-go"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/kms"
)

// A keyring holds what opens data keys, and the parts of data keys that are known by what they are wrapped in.
type keyring struct {
	identities []age.Identity
	entities   openpgp.EntityList
	allowed    []string
	mutex      sync.Mutex
	parts      map[string]*part
}

// A part of a data key: asked for once, however many files at a time need it.
type part struct {
	once  sync.Once
	plain []byte
	err   error
}

func newKeyring(asked request) (*keyring, error) {
	keys := &keyring{parts: map[string]*part{}, allowed: asked.Allowed}
	for _, text := range asked.Identities {
		found, err := age.ParseIdentities(strings.NewReader(text))
		if err != nil {
			return nil, errors.New("an age identity can't be read")
		}
		for _, each := range found {
			if keys.allows(recipientOf(each)) {
				keys.identities = append(keys.identities, each)
			}
		}
	}
	for _, text := range asked.PGP {
		found, err := openpgp.ReadArmoredKeyRing(strings.NewReader(text))
		if err != nil {
			return nil, errors.New("a PGP private key can't be read")
		}
		for _, each := range found {
			if keys.allows(fmt.Sprintf("%X", each.PrimaryKey.Fingerprint)) {
				keys.entities = append(keys.entities, each)
			}
		}
	}
	for name, plain := range asked.Known {
		known := &part{plain: plain}
		known.once.Do(func() {})
		keys.parts[name] = known
	}
	return keys, nil
}

// allows says whether a key may be used. What a file says of its keys counts for KMS alone, which is asked for exactly
// that key; age and PGP keys are left out by what they are, since a file may name another key than the one it is for.
func (keys *keyring) allows(name string) bool {
	if keys.allowed == nil {
		return true
	}
	for _, pattern := range keys.allowed {
		if fits, err := path.Match(pattern, name); err == nil && fits {
			return true
		}
	}
	return false
}

// recipientOf is the public name of an age identity; empty for kinds that have none.
func recipientOf(identity age.Identity) string {
	switch each := identity.(type) {
	case *age.X25519Identity:
		return each.Recipient().String()
	case *age.HybridIdentity:
		return each.Recipient().String()
	}
	return ""
}

// found is every part that is known now.
func (keys *keyring) found() map[string][]byte {
	known := map[string][]byte{}
	for name, each := range keys.parts {
		if each.err == nil {
			known[name] = each.plain
		}
	}
	return known
}

// unwrap asks once for what is wrapped like this.
func (keys *keyring) unwrap(wrapped []byte, ask func() ([]byte, error)) ([]byte, error) {
	sum := sha256.Sum256(wrapped)
	name := hex.EncodeToString(sum[:])
	keys.mutex.Lock()
	each, known := keys.parts[name]
	if !known {
		each = &part{}
		keys.parts[name] = each
	}
	keys.mutex.Unlock()
	each.once.Do(func() { each.plain, each.err = ask() })
	return each.plain, each.err
}

// forFile is the key service for one file; it notes why keys did not open it.
func (keys *keyring) forFile() *service { return &service{keys: keys, why: map[string]string{}} }

type service struct {
	keyservice.UnimplementedKeyServiceServer
	keys *keyring
	why  map[string]string
}

// Decrypt unwraps a part of a data key with one master key.
func (s *service) Decrypt(_ context.Context, asked *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	var name string
	var ask func() ([]byte, error)
	switch key := asked.Key.KeyType.(type) {
	case *keyservice.Key_AgeKey:
		name, ask = key.AgeKey.Recipient, func() ([]byte, error) { return s.keys.byAge(asked.Ciphertext) }
	case *keyservice.Key_PgpKey:
		name, ask = key.PgpKey.Fingerprint, func() ([]byte, error) { return s.keys.byPGP(asked.Ciphertext) }
	case *keyservice.Key_KmsKey:
		name, ask = key.KmsKey.Arn, func() ([]byte, error) { return byKMS(key.KmsKey, asked.Ciphertext) }
	default:
		return nil, errors.New("kinds of keys other than age, PGP and AWS KMS are not used here")
	}
	if _, isKMS := asked.Key.KeyType.(*keyservice.Key_KmsKey); isKMS && !s.keys.allows(name) {
		s.why[name] = "not permitted"
		return nil, errors.New("this key is not permitted")
	}
	plain, err := s.keys.unwrap(asked.Ciphertext, ask)
	if err != nil {
		s.why[name] = err.Error()
		return nil, err
	}
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// reasons names every key of a file, and what kept it from opening the file.
func (s *service) reasons(metadata sops.Metadata) []string {
	var told []string
	for _, group := range metadata.KeyGroups {
		for _, key := range group {
			why := s.why[key.ToString()]
			if why == "" && key.TypeToIdentifier() == "kms" {
				why = s.why[strings.SplitN(key.ToString(), "|", 2)[0]]
			}
			switch key.TypeToIdentifier() {
			case "age", "pgp", "kms":
				if why == "" {
					why = "not tried"
				}
			default:
				why = "not used here"
			}
			told = append(told, fmt.Sprintf("%s %s (%s)", key.TypeToIdentifier(), key.ToString(), why))
		}
	}
	return told
}

func (keys *keyring) byAge(wrapped []byte) ([]byte, error) {
	if len(keys.identities) == 0 {
		return nil, errors.New("no age identity is kept here")
	}
	reader, err := age.Decrypt(agearmor.NewReader(bytes.NewReader(wrapped)), keys.identities...)
	if err != nil {
		return nil, errors.New("no age identity that is kept here fits")
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, errors.New("the data key is damaged")
	}
	return plain, nil
}

func (keys *keyring) byPGP(wrapped []byte) ([]byte, error) {
	if len(keys.entities) == 0 {
		return nil, errors.New("no PGP key is kept here")
	}
	block, err := armor.Decode(bytes.NewReader(wrapped))
	if err != nil {
		return nil, errors.New("the data key is damaged")
	}
	message, err := openpgp.ReadMessage(block.Body, keys.entities, nil, nil)
	if err != nil {
		return nil, errors.New("no PGP key that is kept here fits, or it has a passphrase")
	}
	plain, err := io.ReadAll(message.UnverifiedBody)
	if err != nil {
		return nil, errors.New("the data key is damaged")
	}
	return plain, nil
}

func byKMS(key *keyservice.KmsKey, wrapped []byte) ([]byte, error) {
	scope := map[string]*string{}
	for name, value := range key.Context {
		scope[name] = &value
	}
	master := kms.NewMasterKey(key.Arn, key.Role, scope)
	master.EncryptedKey = string(wrapped)
	plain, err := master.Decrypt()
	if err == nil {
		return plain, nil
	}
	var answered smithy.APIError
	if errors.As(err, &answered) {
		return nil, fmt.Errorf("KMS answers %s", answered.ErrorCode())
	}
	return nil, errors.New("KMS can't be asked")
}
