package main

import "testing"

func asked(t *testing.T, when string, app map[string]any) map[string]any {
	t.Helper()
	got := ask(t, map[string]any{
		"verb": "notify", "now": "2026-11-21T12:00:00Z", "when": []any{when},
		"vars":    map[string]any{"app": app, "event": map[string]any{"kind": ""}},
		"commits": map[string]any{"abc": map[string]any{"Author": "Ann <ann@example.com>", "Date": "2026-11-21T11:00:00Z"}},
	})
	results, found := got["when"].([]any)
	if !found {
		t.Fatalf("no results: %v", got)
	}
	return results[0].(map[string]any)
}

func TestExpressionsAreThoseOfArgoCD(t *testing.T) {
	app := map[string]any{
		"metadata": map[string]any{"name": "shop", "labels": map[string]any{"tier": "gold"}},
		"spec":     map[string]any{"source": map[string]any{"repoURL": "git@github.com:acme/shop.git"}},
		"status": map[string]any{
			"health":         map[string]any{"status": "Healthy", "lastTransitionTime": "2026-11-21T11:59:00Z"},
			"sync":           map[string]any{"status": "Synced", "revision": "abc"},
			"operationState": map[string]any{"phase": "Succeeded", "finishedAt": "2026-11-21T11:58:00Z"},
		},
	}
	for source, want := range map[string]any{
		`app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'`:                                                      true,
		`app.status.operationState != nil and !time.Parse(app.status.health.lastTransitionTime).Before(time.Parse(app.status.operationState.finishedAt))`: true,
		`app.metadata.deletionTimestamp != nil`:                                                        false,
		`app.status.operationState?.syncResult?.revision`:                                              nil,
		`time.Now().Sub(time.Parse(app.status.operationState.finishedAt)).Minutes() >= 2`:              true,
		`repo.FullNameByRepoURL(app.spec.source.repoURL)`:                                              "acme/shop",
		`repo.RepoURLToHTTPS(app.spec.source.repoURL)`:                                                 "https://github.com/acme/shop",
		`repo.GetCommitMetadata(app.status.sync.revision).Author`:                                      "Ann <ann@example.com>",
		`strings.ToUpper(app.metadata.name) contains 'SHOP' and app.metadata.labels['tier'] == 'gold'`: true,
		`app.status.sync.status == 'Unknown' or any(['a', 'b'], {# == 'b'})`:                           true,
		`event.kind == 'drift-found' and event.drift.what == 'deleted'`:                                false,
	} {
		t.Run(source, func(t *testing.T) {
			got := asked(t, source, app)
			if got["error"] != nil || got["value"] != want {
				t.Fatalf("want %v, got %v", want, got)
			}
		})
	}
}

func TestABrokenExpressionIsAnErrorOfItsOwn(t *testing.T) {
	for _, source := range []string{`app.status.(`, `app.none.deep.deeper == 1`, `time.Parse('yesterday')`, `repo.GetCommitMetadata('none')`} {
		if got := asked(t, source, map[string]any{}); got["error"] == nil {
			t.Fatalf("%s was answered: %v", source, got)
		}
	}
}

func TestTemplatesCallFunctionsAsArgoCDsDo(t *testing.T) {
	got := ask(t, map[string]any{
		"verb": "notify", "now": "2026-11-21T12:00:00Z",
		"vars": map[string]any{
			"app":     map[string]any{"metadata": map[string]any{"name": "shop"}, "spec": map[string]any{"repo": "https://github.com/acme/shop.git"}},
			"context": map[string]any{"url": "https://m"}, "serviceType": "slack",
		},
		"commits": map[string]any{"abc": map[string]any{"Message": "Fix it", "Date": "2026-11-21T11:00:00Z"}},
		"trees": []any{map[string]any{
			"message": `{{.app.metadata.name | upper}} {{(call .repo.GetCommitMetadata "abc").Message}} {{if eq .serviceType "slack"}}:tada:{{end}}`,
			"webhook": map[string]any{"ci": map[string]any{"path": `/repos/{{call .repo.FullNameByRepoURL .app.spec.repo}}`}},
			"at":      `{{(call .time.Parse "2026-11-21T10:00:00Z").Format "15:04"}}`,
		}, "{{ .app.metadata.name.none }}"},
	})
	first := got["trees"].([]any)[0].(map[string]any)["tree"].(map[string]any)
	if first["message"] != "SHOP Fix it :tada:" || first["at"] != "10:00" {
		t.Fatalf("got %v", first)
	}
	if path := first["webhook"].(map[string]any)["ci"].(map[string]any)["path"]; path != "/repos/acme/shop" {
		t.Fatalf("got %v", path)
	}
	if second := got["trees"].([]any)[1].(map[string]any); second["error"] == nil {
		t.Fatalf("got %v", second)
	}
}
