"""Remove the columns of django-scim2. Run scim_import_django_scim2 before this."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0002_team_link")]
    operations = [
        migrations.RemoveField(
            model_name='team',
            name='scim_display_name',
        ),
        migrations.RemoveField(
            model_name='team',
            name='scim_external_id',
        ),
        migrations.RemoveField(
            model_name='team',
            name='scim_id',
        ),
        migrations.RemoveField(
            model_name='user',
            name='scim_external_id',
        ),
        migrations.RemoveField(
            model_name='user',
            name='scim_id',
        ),
        migrations.RemoveField(
            model_name='user',
            name='scim_username',
        ),
    ]
