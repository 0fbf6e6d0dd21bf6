"""Keys of texts that were taken away are NULL; they were found by before."""

import django_scim.models.fields
from django.db import migrations


def clear_stale_keys(apps, schema_editor):
    alias = schema_editor.connection.alias
    for name in ("UserProfile", "GroupLink"):
        rows = apps.get_model("django_scim", name)._base_manager.using(alias)
        rows.filter(display_name="").exclude(display_key=None).update(display_key=None)
    values = apps.get_model("django_scim", "UserValue")._base_manager.using(alias)
    values.filter(value="", mirrored=False).exclude(key=None).update(key=None)


class Migration(migrations.Migration):

    dependencies = [
        ('django_scim', '0003_connections'),
    ]

    operations = [
        migrations.AlterField(
            model_name='uservalue',
            name='key',
            field=django_scim.models.fields.FoldedField(editable=False, max_length=190, null=True, source='value', unless='mirrored'),
        ),
        migrations.RunPython(clear_stale_keys, migrations.RunPython.noop),
    ]
