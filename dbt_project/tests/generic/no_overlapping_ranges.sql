{#-
    Effective-dated rows of one key hold on no day together. An empty `valid_to` is "until further notice"; both days
    belong to the range. An empty key column counts as a value.
-#}
{% test no_overlapping_ranges(model, columns) %}
with ordered as (
    select
        {{ columns | join(', ') }},
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by {{ columns | join(', ') }}
            order by valid_from, valid_to
        ) as next_valid_from
    from {{ model }}
)

select *
from ordered
where
    valid_from is null
    or valid_to < valid_from
    or next_valid_from <= coalesce(valid_to, date '9999-12-31')
{% endtest %}
