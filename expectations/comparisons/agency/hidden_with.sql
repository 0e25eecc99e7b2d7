-- One row per unit, quarter, core job type and figure that goes with a count: whether it is hidden where the count is.
with goes_with (measure, hidden_measure) as (
    values
    ('people', 'assignments'),
    ('active_fte', 'active_assignments'),
    ('agency_rate_fte', 'active_assignments'),
    ('quarter_cost_gbp', 'assignments'),
    ('monthly_cost_gbp', 'assignments'),
    ('project_team_pct', 'project_team_assignments'),
    ('project_team_pct', 'assignments'),
    ('over_3_months_pct', 'over_3_months'),
    ('over_3_months_pct', 'assignments'),
    ('over_6_months_pct', 'over_6_months'),
    ('over_6_months_pct', 'assignments'),
    ('over_12_months_pct', 'over_12_months'),
    ('over_12_months_pct', 'assignments'),
    ('covers_vacancy_pct', 'assignments')
),

shown as (
    select unit_name, period_label, role_type, measure, value, value_status, 'members' as audience
    from marts_candidate.mart_agency__measures
    union all
    select unit_name, period_label, role_type, measure, value, value_status, 'public' as audience
    from open_data_candidate.agency_measures
),

final as (
    select
        figures.measure as field,
        figures.unit_name || ' ' || figures.period_label || ' ' || figures.role_type || ' (' || figures.audience || ')'
            as place,
        figures.value is null as is_hidden
    from goes_with
    inner join shown as figures on goes_with.measure = figures.measure
    inner join shown as counts
        on
            goes_with.hidden_measure = counts.measure
            and figures.unit_name = counts.unit_name
            and figures.period_label = counts.period_label
            and figures.role_type = counts.role_type
            and figures.audience = counts.audience
    where counts.value_status = 'c'
)

select * from final
order by field, place
